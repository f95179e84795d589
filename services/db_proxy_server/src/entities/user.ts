import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** `im_user.status` of a disabled user, who cannot log in and is not listed. */
export const userHasLeft = 3;

@Entity('im_user')
export class User {
  /** positive int4 */
  @PrimaryGeneratedColumn('identity', { type: 'int4', generatedIdentity: 'BY DEFAULT' })
  id!: number;

  /** Login name, and `user_domain` on the wire where there is no `domain`; 1 to 64 characters. */
  @Column({ type: 'text', unique: true })
  name!: string;

  /** argon2 of the hex MD5 that clients send; with a `legacySalt`, hex md5(that MD5 + salt). */
  @Column({ name: 'password_hash', type: 'text', select: false })
  passwordHash!: string;

  /** Set for a user imported from a legacy database, until their first successful login. */
  @Column({ name: 'legacy_salt', type: 'text', nullable: true, select: false })
  legacySalt!: string | null;

  @Column({ type: 'int2', default: 0 })
  gender!: number;

  @Column({ name: 'nick_name', type: 'text', default: '' })
  nickName!: string;

  @Column({ name: 'real_name', type: 'text', default: '' })
  realName!: string;

  @Column({ name: 'avatar_url', type: 'text', default: '' })
  avatarUrl!: string;

  /** 0: none */
  @Column({ name: 'department_id', type: 'int4', default: 0 })
  departmentId!: number;

  @Column({ type: 'text', default: '' })
  email!: string;

  @Column({ type: 'text', default: '' })
  tel!: string;

  @Column({ name: 'sign_info', type: 'text', default: '' })
  signInfo!: string;

  /** 0 to 2 and 4 active, 3 disabled */
  @Column({ type: 'int2', default: 0 })
  status!: number;

  /** `user_domain` on the wire of users of a legacy installation: their name in pinyin; null: it is the name. */
  @Column({ type: 'text', nullable: true })
  domain!: string | null;

  /** No push from 22:00 to 07:00. */
  @Column({ name: 'push_shield', type: 'bool', default: false })
  pushShield!: boolean;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  /** Time of the last visible change; set by the table's trigger. */
  @Column({ name: 'updated_at', type: 'timestamptz', insert: false, update: false })
  updatedAt!: Date;
}
