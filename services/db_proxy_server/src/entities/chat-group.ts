import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity('chat_group')
export class ChatGroup {
  /** positive int4 */
  @PrimaryGeneratedColumn('identity', { type: 'int4', generatedIdentity: 'BY DEFAULT' })
  id!: number;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text', default: '' })
  avatar!: string;

  @Column({ name: 'creator_id', type: 'int4', default: 0 })
  creatorId!: number;

  /** 1 normal, 2 temporary */
  @Column({ type: 'int2' })
  type!: number;

  /** Grows with every change of the group. */
  @Column({ type: 'int4', default: 1 })
  version!: number;

  /** 0 exists, 1 dissolved */
  @Column({ type: 'int2', default: 0 })
  status!: number;

  /** Until then only the owner and bots can write; infinity: for good. */
  @Column({ name: 'muted_until', type: 'timestamptz', nullable: true })
  mutedUntil!: Date | null;

  /** Members of a temporary group cannot add others. */
  @Column({ name: 'owner_adds_only', type: 'bool', default: false })
  ownerAddsOnly!: boolean;

  /** null: only the limit of the installation */
  @Column({ name: 'max_members', type: 'int4', nullable: true })
  maxMembers!: number | null;

  /** The latest one; empty: none. */
  @Column({ type: 'text', default: '' })
  announcement!: string;

  @Column({ name: 'announced_at', type: 'timestamptz', nullable: true })
  announcedAt!: Date | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamptz', insert: false })
  updatedAt!: Date;
}
