import type { TeamTalkClient } from '@teamtalk/client';
import { IM } from '@teamtalk/protocol';
import { canaryPrefix } from './accounts.js';
import type { CanaryConnection } from './connection.js';

const name = 'canary';

/** The group that the accounts send to. The first account online creates it, and later runs use it again. */
export class CanaryGroup {
  #id: number | undefined;
  #members = new Set<number>();

  /** undefined: not found or created yet */
  get id(): number | undefined {
    return this.#id;
  }

  has({ userId }: CanaryConnection): boolean {
    return this.#members.has(userId);
  }

  /**
   * Finds or creates the group, and adds all accounts to it.
   * @throws ClientError when a request fails
   */
  async gather(connections: readonly CanaryConnection[]): Promise<void> {
    const [first] = connections;
    if (!first) return;
    if (this.#id === undefined) await this.#open(first.client, connections);
    const missing = connections.filter((connection) => !this.has(connection));
    const member = connections.find((connection) => this.has(connection));
    if (missing.length === 0 || !member || this.#id === undefined) return;
    const ids = missing.map(({ userId }) => userId);
    this.#members = new Set(await member.client.groups.addMembers(this.#id, ids));
  }

  /** Call it when the server no longer knows the group. */
  forget(): void {
    this.#id = undefined;
    this.#members.clear();
  }

  async #open(client: TeamTalkClient, connections: readonly CanaryConnection[]): Promise<void> {
    const found = await findGroup(client);
    if (found) {
      this.#members = new Set(found.groupMemberList);
      this.#id = found.groupId;
      return;
    }
    const ids = connections.map(({ userId }) => userId);
    this.#id = await client.groups.create(name, ids);
    this.#members = new Set(ids);
  }
}

/**
 * Finds the temporary group by its session, which its first message creates. Groups created by others are ignored even if
 * they have the same name, because their members could remove accounts or repeat messages.
 */
async function findGroup(client: TeamTalkClient) {
  const sessions = await client.recentSessions();
  const ids = sessions
    .filter(({ sessionType }) => sessionType === IM.BaseDefine.SessionType.SESSION_TYPE_GROUP)
    .map(({ sessionId }) => sessionId);
  const groups = ids.length > 0 ? await client.groups.info(ids) : [];
  const named = groups.filter(({ groupName }) => groupName === name);
  if (named.length === 0) return undefined;
  const creators = await client.usersInfo(named.map(({ groupCreatorId }) => groupCreatorId));
  const own = new Set(
    creators.filter(({ userDomain }) => userDomain.startsWith(canaryPrefix)).map(({ userId }) => userId),
  );
  return named.find(({ groupCreatorId }) => own.has(groupCreatorId));
}
