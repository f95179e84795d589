import { createHash } from 'node:crypto';
import { topics } from '@teamtalk/bus';
import { Commands, encodePdu } from '@teamtalk/protocol';
import { administration, type httpApi } from '@teamtalk/rpc';
import type { Actor } from './actor.js';
import { ask } from './ask.js';
import type { Backend } from './backend.js';
import { type Gender, genders } from './fields.js';
import { endLogins } from './kick.js';
import { Problem } from './problem.js';
import { savedId } from './saved.js';

/** A user as the APIs show them. */
export interface ShownUser {
  user_id: number;
  name: string;
  nick_name: string;
  real_name: string;
  gender: Gender;
  avatar_url: string;
  department_id: number | null;
  email: string;
  tel: string;
  sign_info: string;
  disabled: boolean;
}

/** Fields that are left out stay unchanged. */
export type UserChange = Partial<Omit<ShownUser, 'user_id'>> & { password?: string | undefined };

export function shownUser(found: httpApi.api.ApiUser): ShownUser {
  return {
    user_id: found.userId,
    name: found.name,
    nick_name: found.nickName,
    real_name: found.realName,
    gender: genders[found.gender] ?? 'unknown',
    avatar_url: found.avatarUrl,
    department_id: found.departmentId === 0 ? null : found.departmentId,
    email: found.email,
    tel: found.tel,
    sign_info: found.signInfo,
    disabled: found.disabled,
  };
}

/** @throws Problem `not-found` */
export async function findUser(backend: Pick<Backend, 'pool'>, userId: number): Promise<ShownUser> {
  const { users } = await ask(backend, administration.findUsers, { userId, limit: 1 });
  const [found] = users as httpApi.api.ApiUser[];
  if (!found) throw new Problem('not-found', 'there is no such user');
  return shownUser(found);
}

export function userFieldsOf(wanted: UserChange): httpApi.api.UserFields.$Properties {
  const { gender, department_id, password: plain } = wanted;
  return {
    name: wanted.name,
    nickName: wanted.nick_name,
    realName: wanted.real_name,
    gender: gender === undefined ? undefined : genders.indexOf(gender),
    avatarUrl: wanted.avatar_url,
    departmentId: department_id === null ? 0 : department_id,
    email: wanted.email,
    tel: wanted.tel,
    signInfo: wanted.sign_info,
    disabled: wanted.disabled,
    // Clients send the MD5 of the password when they log in.
    passwordMd5: plain === undefined ? undefined : createHash('md5').update(plain).digest('hex'),
  };
}

/**
 * Changes a user. Disabling a user or changing their password logs them out everywhere; clients are notified at once of a
 * changed avatar or signature.
 * @param expected fields as the caller has read them; it is refused when one has another value now
 * @throws Problem when it is not saved, or connections could not be ended
 */
export async function changeUser(
  backend: Backend,
  userId: number,
  wanted: UserChange,
  actor: Actor,
  expected?: UserChange,
): Promise<void> {
  const request = {
    userId,
    fields: userFieldsOf(wanted),
    actor,
    ...(expected && { expected: userFieldsOf(expected) }),
  };
  savedId(await ask(backend, administration.changeUser, request), 'user', 'name-taken');
  if (wanted.disabled || wanted.password !== undefined) await endLogins(backend, userId);
  announce(backend, userId, wanted);
}

/** Notifies clients of a changed avatar or signature; they fetch other changes themselves. */
function announce(
  { bus }: Backend,
  changedUserId: number,
  { avatar_url: avatarUrl, sign_info: signInfo }: UserChange,
): void {
  const pdus: Buffer[] = [];
  if (avatarUrl !== undefined) {
    pdus.push(encodePdu(Commands.BuddyListAvatarChangedNotify, { changedUserId, avatarUrl }, 0));
  }
  if (signInfo !== undefined) {
    pdus.push(encodePdu(Commands.BuddyListSignInfoChangedNotify, { changedUserId, signInfo }, 0));
  }
  if (pdus.length > 0) bus.publish(topics.everyNode, { broadcast: { pdus } });
}
