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

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamptz', insert: false })
  updatedAt!: Date;
}
