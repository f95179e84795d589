import type { TeamTalkClient } from '@teamtalk/client';

/** A temporary group of the client's user and the given ones. @returns its id */
export function createGroup(client: TeamTalkClient, memberIds: number[], name = 'a group'): Promise<number> {
  return client.groups.create(name, memberIds);
}
