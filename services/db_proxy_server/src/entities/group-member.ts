import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

@Entity('group_member')
export class GroupMember {
  @PrimaryColumn({ name: 'group_id', type: 'int4' })
  groupId!: number;

  @PrimaryColumn({ name: 'user_id', type: 'int4' })
  userId!: number;

  @CreateDateColumn({ name: 'joined_at', type: 'timestamptz' })
  joinedAt!: Date;

  /** Newest message when the user joined; the user sees only later ones. */
  @Column({ name: 'join_msg_id', type: 'int4', default: 0 })
  joinMsgId!: number;

  /** Newest message the user has read. */
  @Column({ name: 'read_id', type: 'int4', default: 0 })
  readId!: number;

  /** Newest message when the user removed the session from the list; a later one restores it. */
  @Column({ name: 'removed_id', type: 'int4', default: 0 })
  removedId!: number;

  /** No push for this group, as the member wishes. */
  @Column({ type: 'bool', default: false })
  shield!: boolean;

  /** The member cannot write until then; infinity: for good. */
  @Column({ name: 'muted_until', type: 'timestamptz', nullable: true })
  mutedUntil!: Date | null;
}
