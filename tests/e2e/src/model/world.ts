import type { Session } from '@teamtalk/client';
import { type TestCluster, testPassword } from '@teamtalk/cluster';
import { waitUntil } from '@teamtalk/local-stack';
import { ClientType, Commands, IM } from '@teamtalk/protocol';
import { expect } from 'vitest';
import { type Conversation, Group, type Model, type Pair } from './model.js';
import { keyOf, type ReceivedMessage, WatchedClient } from './watched-client.js';

/** A user's PC and mobile. */
export const slots = [ClientType.WINDOWS, ClientType.IOS] as const;

const { GROUP_TYPE_TMP } = IM.BaseDefine.GroupType;

let worlds = 0;

/** Some users of a cluster, as the model counts them, and their connections. */
export class World {
  readonly ids: readonly number[];
  readonly groupIds: number[] = [];
  readonly #cluster: TestCluster;
  readonly #model: Model;
  readonly #servers: number;
  readonly #names: readonly string[];
  readonly #connections = new Map<string, WatchedClient>();

  /** @param passwordHash of `testPassword` */
  static async create(
    cluster: TestCluster,
    model: Model,
    { users, servers, passwordHash }: { users: number; servers: number; passwordHash: string },
  ): Promise<World> {
    const names = Array.from({ length: users }, (_, i) => `world ${worlds} user ${i}`);
    worlds++;
    const rows = await cluster.sql<{ id: number }>(
      `INSERT INTO im_user (name, password_hash)
        SELECT name, $2 FROM unnest($1::text[]) WITH ORDINALITY AS n(name, i) ORDER BY i RETURNING id`,
      [names, passwordHash],
    );
    const ids = rows.map(({ id }) => id);
    return new World(cluster, model, names, ids, servers);
  }

  private constructor(
    cluster: TestCluster,
    model: Model,
    names: readonly string[],
    ids: readonly number[],
    servers: number,
  ) {
    this.#cluster = cluster;
    this.#model = model;
    this.#names = names;
    this.ids = ids;
    this.#servers = servers;
  }

  /** Picks one of the open connections. */
  connection(which: number): [user: number, WatchedClient] {
    const all = this.connectionsOf([...this.ids.keys()]);
    return all[which % all.length]!;
  }

  /** Logs in. The user's earlier connection in this slot is cut beforehand, or kicked by the login. */
  async connect(user: number, slot: number, server: number, how: 'cut' | 'kick'): Promise<void> {
    const key = `${user} ${slot}`;
    const old = this.#connections.get(key);
    if (old && how === 'cut') await old.client.close();
    const port = this.#cluster.port('msg_server', server % this.#servers, 'client');
    const before = new Map(
      this.#model
        .conversationsOf(user)
        .map((conversation) => [keyOf(this.session(conversation, user)), conversation.last]),
    );
    const connection = new WatchedClient(port, before);
    this.#connections.set(key, connection);
    await connection.client.login({
      name: this.#names[user]!,
      password: testPassword,
      clientType: slots[slot]!,
    });
    if (!old) return;
    await waitUntil(() => !old.client.isConnected, { what: 'the older connection gone' });
    old.verifyCut();
    await old.client.close();
  }

  /** The conversation as its user names it. */
  session(conversation: Conversation, user: number): Session {
    if (conversation instanceof Group) return { group: this.groupIds[conversation.index]! };
    return { user: this.ids[(conversation as Pair).peerOf(user)]! };
  }

  /** Connections of these users. */
  connectionsOf(users: readonly number[]): [user: number, WatchedClient][] {
    return [...this.#connections].flatMap(([key, connection]) => {
      const user = Number(key.split(' ')[0]);
      return users.includes(user) ? [[user, connection] as [number, WatchedClient]] : [];
    });
  }

  /** Expects a message on all connections of the members, except the one that sent it. */
  expectMessage(conversation: Conversation, sentOver: WatchedClient, message: ReceivedMessage): void {
    for (const [user, connection] of this.connectionsOf(conversation.users)) {
      if (connection !== sentOver) connection.expectMessage(this.session(conversation, user), message);
    }
  }

  async caughtUp(users: readonly number[] = [...this.ids.keys()]): Promise<void> {
    await Promise.all(this.connectionsOf(users).map(([, connection]) => connection.caughtUp()));
  }

  /** Compares a user's lists over a connection with the model. */
  async verifyUser(user: number, connection: WatchedClient): Promise<void> {
    const { client } = connection;
    const expected = this.#model.sessionsOf(user).map(({ conversation, last, unread }) => ({
      unread,
      session: keyOf(this.session(conversation, user)),
      latestMsgId: last,
      latestMsgFromUserId: this.ids[conversation.messages[last - 1]!.from],
    }));
    const [unread, recent] = await Promise.all([client.unread(), client.recentSessions()]);
    const shown = (
      info: Omit<IM.BaseDefine.ContactSessionInfo.$Properties, 'updatedTime' | 'sessionStatus'>,
    ) => ({
      session: info.sessionType === 2 ? `group ${info.sessionId}` : `user ${info.sessionId}`,
      latestMsgId: info.latestMsgId,
      latestMsgFromUserId: info.latestMsgFromUserId,
    });
    expect(recent.map(shown), 'recent sessions').toEqual(
      expected.map(({ unread: _, ...session }) => session),
    );
    expect(
      unread.sessions.map((info) => ({ unread: info.unreadCnt, ...shown(info) })),
      'unread',
    ).toEqual(expected.filter((session) => session.unread > 0));
    expect(unread.total).toBe(expected.reduce((sum, session) => sum + session.unread, 0));
    await this.#verifyGroups(user, connection);
  }

  /** Compares a page of a conversation's history, and its latest id. */
  async verifyHistory(
    conversation: Conversation,
    user: number,
    { client }: WatchedClient,
    page: { begin?: number; count?: number } = {},
  ): Promise<void> {
    const session = this.session(conversation, user);
    const [messages, latest] = await Promise.all([
      client.history(session, page),
      client.latestMessageId(session),
    ]);
    const ids = conversation.visibleTo(user, page.begin, page.count);
    expect(
      messages.map(({ msgId, fromUserId, text }) => ({ msgId, fromUserId, text })),
      'history',
    ).toEqual(
      ids.map((msgId) => {
        const { from, text } = conversation.messages[msgId - 1]!;
        return { msgId, fromUserId: this.ids[from], text };
      }),
    );
    expect(latest, 'latest id').toBe(conversation.visibleTo(user)[0] ?? 0);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#connections.values()].map(({ client }) => client.close()));
  }

  async #verifyGroups(user: number, { client }: WatchedClient): Promise<void> {
    if (this.groupIds.length === 0) return;
    const { groupInfoList } = await client.request(Commands.GroupInfoRequest, Commands.GroupInfoResponse, {
      userId: 0,
      groupVersionList: this.groupIds.map((groupId) => ({ groupId, version: 0 })),
    });
    const shown = groupInfoList.map(({ groupId, version, groupType, groupCreatorId, groupMemberList }) => ({
      groupId,
      version,
      groupType,
      groupCreatorId,
      groupMemberList,
    }));
    const expected = this.#model.groups
      .filter((group) => group.readers.has(user))
      .map((group) => ({
        groupId: this.groupIds[group.index],
        version: group.version,
        groupType: GROUP_TYPE_TMP,
        groupCreatorId: this.ids[group.creator],
        groupMemberList: group.users.map((member) => this.ids[member]),
      }));
    expect(shown, 'groups').toEqual(expected);
  }
}
