import type { TeamTalkClient } from '@teamtalk/client';
import { Failure } from './failure.js';

/**
 * The user a command line means.
 * @param to a name, or an id where it is digits only
 * @throws Failure when there is none
 */
export async function receiverOf(client: TeamTalkClient, to: string): Promise<{ id: number; name: string }> {
  const isId = /^\d+$/.test(to);
  const users = isId ? await client.usersInfo([Number(to)]) : (await client.users()).users;
  const user = users.find(({ userId, userDomain }) => (isId ? userId === Number(to) : userDomain === to));
  if (!user) throw new Failure(`there is no user ${isId ? 'with id ' : ''}${to}`);
  return { id: user.userId, name: user.userDomain };
}
