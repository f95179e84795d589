import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity('department')
export class Department {
  @PrimaryGeneratedColumn('identity', { type: 'int4', generatedIdentity: 'BY DEFAULT' })
  id!: number;

  @Column({ type: 'text' })
  name!: string;

  /** 0: at the top */
  @Column({ name: 'parent_id', type: 'int4', default: 0 })
  parentId!: number;

  /** smaller ones are listed first */
  @Column({ type: 'int4', default: 0 })
  priority!: number;

  /** 0 exists, 1 deleted */
  @Column({ type: 'int2', default: 0 })
  status!: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  /** Set by the table's trigger. */
  @Column({ name: 'updated_at', type: 'timestamptz', insert: false, update: false })
  updatedAt!: Date;
}
