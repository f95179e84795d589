import type { TeamTalkClient } from '@teamtalk/client';
import type { IM } from '@teamtalk/protocol';
import { Failure } from './failure.js';

/** `status` of a user who has left, whom the list of all users does not name. */
const left = 3;

/**
 * The user a command line means.
 * @param to a name, or an id where it is digits only
 * @throws Failure when there is none
 */
export async function receiverOf(client: TeamTalkClient, to: string): Promise<{ id: number; name: string }> {
  const isId = /^\d+$/.test(to);
  const user = isId ? (await client.usersInfo([Number(to)]))[0] : await userNamed(client, to);
  if (!user) throw new Failure(`there is no user ${isId ? 'with id ' : ''}${to}`);
  return { id: user.userId, name: user.userDomain };
}

/**
 * The protocol has no lookup by name. The users of recent sessions are a few kilobytes; the list of all users is 400 KB
 * for 10,000, and is requested only when the name is none of them.
 */
async function userNamed(client: TeamTalkClient, name: string) {
  const { SESSION_TYPE_SINGLE } = (await import('@teamtalk/protocol')).IM.BaseDefine.SessionType;
  const ids = (await client.recentSessions())
    .filter(({ sessionType }) => sessionType === SESSION_TYPE_SINGLE)
    .map(({ sessionId }) => sessionId);
  const isMeant = ({ userDomain, status }: IM.BaseDefine.UserInfo.$Properties) =>
    userDomain === name && status !== left;
  const recent = ids.length > 0 ? await client.usersInfo(ids) : [];
  return recent.find(isMeant) ?? (await client.users()).users.find(isMeant);
}
