import type { teamtalk } from '@teamtalk/rpc';

/** The columns of `im_user` that are visible to all users, in SQL. */
export const userColumns =
  'id, name, gender, nick_name, real_name, avatar_url, department_id, email, tel, sign_info, status, domain';

export interface UserRow {
  id: number;
  name: string;
  gender: number;
  nick_name: string;
  real_name: string;
  avatar_url: string;
  department_id: number;
  email: string;
  tel: string;
  sign_info: string;
  status: number;
  /** null: the name */
  domain: string | null;
}

/** A row as a db_proxy.proto message. */
export function toUser(row: UserRow): teamtalk.db.User.$Properties {
  return {
    userId: row.id,
    userGender: row.gender,
    userNickName: row.nick_name,
    avatarUrl: row.avatar_url,
    departmentId: row.department_id,
    email: row.email,
    userRealName: row.real_name,
    userTel: row.tel,
    userDomain: row.domain ?? row.name,
    status: row.status,
    signInfo: row.sign_info,
  };
}
