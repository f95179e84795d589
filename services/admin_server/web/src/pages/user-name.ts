import type { ApiReply } from '../../../src/api/index.js';

export type User = ApiReply<'getUser'>;

/** A user's display name. */
export function callName({
  nick_name,
  real_name,
  name,
}: Pick<User, 'nick_name' | 'real_name' | 'name'>): string {
  return nick_name.trim() || real_name.trim() || name;
}
