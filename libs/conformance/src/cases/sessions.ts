import { Commands as C, imageText } from '@teamtalk/protocol';
import { type Case, script } from '../case.js';
import { check } from '../match.js';
import type { Peer } from '../peer.js';
import type { ClientName } from '../profiles.js';
import { uploadAs } from '../uploads.js';
import type { World } from '../world.js';

type OldClient = Exclude<ClientName, 'web'>;

const single = 1;
const group = 2;

/** A client's local state between two sessions. */
interface LocalState {
  users: number;
  departments: number;
  sessions: number;
  /** version by id */
  groups: Map<number, number>;
}

/** The result of a sync. */
interface News {
  local: LocalState;
  /** signatures of changed users */
  signatures: Map<number, string | undefined>;
  /** ids of the messages it has fetched, by session */
  fetched: Map<string, number[]>;
}

const nothing: LocalState = { users: 0, departments: 0, sessions: 0, groups: new Map() };
const keyOf = (sessionType: number, sessionId: number) => `${sessionType} ${sessionId}`;

/** seq_num of every request of Windows for unread messages, even of concurrent ones. */
const unreadSeqNum = 0xff03;
/** Messages on one page of Android, which checks three pages for gaps. */
const androidPage = 18;

/** One client's requests after its login, in its order, each where its sources send it. */
class Sync {
  readonly #client: Peer;
  readonly #local: LocalState;
  readonly #news: News;

  constructor(client: Peer, local: LocalState) {
    this.#client = client;
    this.#local = local;
    this.#news = {
      local: { ...local, groups: new Map(local.groups) },
      signatures: new Map(),
      fetched: new Map(),
    };
  }

  /** Departments, users and groups at once, and the sessions; what follows from each when it is answered. */
  async windows(): Promise<News> {
    const departments = this.#askDepartments();
    const users = this.#askUsers(this.#local.users);
    const groups = this.#askNormalGroups();
    const sessions = this.#askSessions(this.#local.sessions);
    await departments();
    const userIds = await users();
    await this.#client.ask(C.BuddyListUsersStatusRequest, C.BuddyListUsersStatusResponse, {
      userId: this.#client.id,
      userIdList: userIds,
    });
    await this.#groupInfos(await groups());
    const ofSessions = await sessions();
    const unread = this.#askUnread();
    const files = this.#client.send(C.FileHasOfflineReq, { userId: this.#client.id });
    const unreadSessions = await unread();
    await this.#client.answer(C.FileHasOfflineRes, files);
    for (const each of unreadSessions) {
      this.#askHistory(each, each.latestMsgId, each.unreadCnt, unreadSeqNum);
    }
    for (const _ of unreadSessions) await this.#takeHistory(unreadSeqNum);
    await this.#groupInfos(ofSessions);
    await this.#strangers(unreadSessions);
    return this.#news;
  }

  /** Users; when they are there the sessions, all of them every time; then their groups and what is unread. */
  async mac(): Promise<News> {
    const groups = this.#askNormalGroups();
    await this.#askUsers(this.#local.users)();
    await this.#askDepartments()();
    await this.#groupInfos(await groups());
    await this.#groupInfos(await this.#askSessions(0)());
    const unread = await this.#askUnread()();
    for (const each of unread) await this.#takeHistory(this.#askHistory(each, 0, each.unreadCnt));
    await this.#strangers(unread);
    return this.#news;
  }

  /** Users twice when it knows none; its push token; the sessions, and then what is unread. */
  async ios(): Promise<News> {
    const users = [this.#askUsers(this.#local.users)];
    if (this.#local.users === 0) users.push(this.#askUsers(0));
    // The client does not wait for the reply.
    this.#client.send(C.LoginReqDevicetoken, {
      userId: this.#client.id,
      deviceToken: `conformance-${this.#client.id}`,
    });
    const sessions = this.#askSessions(this.#local.sessions);
    for (const take of users) await take();
    await this.#groupInfos(await sessions());
    const unread = await this.#askUnread()();
    for (const each of unread) {
      // A chat is fetched from its newest message when it is opened.
      await this.#takeHistory(this.#askHistory(each, each.latestMsgId, each.unreadCnt));
    }
    await this.#strangers(unread);
    return this.#news;
  }

  /** All five lists at once; groups of sessions with the versions it knows; a chat by the ids it lacks. */
  async android(): Promise<News> {
    const departments = this.#askDepartments();
    const users = this.#askUsers(this.#local.users);
    const sessions = this.#askSessions(this.#local.sessions);
    const groups = this.#askNormalGroups();
    const unread = this.#askUnread();
    await departments();
    await users();
    await this.#groupInfos(await sessions());
    await this.#groupInfos(await groups());
    const unreadSessions = await unread();
    for (const { sessionType, sessionId, latestMsgId } of unreadSessions) {
      const first = Math.max(1, latestMsgId - 3 * androidPage);
      const { msgList } = await this.#client.ask(C.MsgGetByMsgIdReq, C.MsgGetByMsgIdRes, {
        sessionId,
        userId: this.#client.id,
        sessionType,
        msgIdList: Array.from({ length: latestMsgId - first + 1 }, (_, i) => first + i),
      });
      this.#news.fetched.set(
        keyOf(sessionType, sessionId),
        msgList.map(({ msgId }) => msgId),
      );
    }
    await this.#strangers(unreadSessions);
    return this.#news;
  }

  #askDepartments(): () => Promise<void> {
    const { id: userId } = this.#client;
    const request = { userId, latestUpdateTime: this.#local.departments };
    const seqNum = this.#client.send(C.BuddyListDepartmentRequest, request);
    return async () => {
      const { latestUpdateTime } = await this.#client.answer(C.BuddyListDepartmentResponse, seqNum);
      this.#news.local.departments = latestUpdateTime;
    };
  }

  #askUsers(latestUpdateTime: number): () => Promise<number[]> {
    const request = { userId: this.#client.id, latestUpdateTime };
    const seqNum = this.#client.send(C.BuddyListAllUserRequest, request);
    return async () => {
      const answer = await this.#client.answer(C.BuddyListAllUserResponse, seqNum);
      for (const { userId, signInfo } of answer.userList) {
        this.#news.signatures.set(userId, signInfo ?? undefined);
      }
      this.#news.local.users = answer.latestUpdateTime;
      return answer.userList.map(({ userId }) => userId);
    };
  }

  #askNormalGroups(): () => Promise<number[]> {
    const seqNum = this.#client.send(C.GroupNormalListRequest, { userId: this.#client.id });
    return async () => {
      const { groupVersionList } = await this.#client.answer(C.GroupNormalListResponse, seqNum);
      const { groups } = this.#local;
      return groupVersionList
        .filter(({ groupId, version }) => groups.get(groupId) !== version)
        .map(({ groupId }) => groupId);
    };
  }

  /** @returns the groups among the sessions */
  #askSessions(latestUpdateTime: number): () => Promise<number[]> {
    const request = { userId: this.#client.id, latestUpdateTime };
    const seqNum = this.#client.send(C.BuddyListRecentContactSessionRequest, request);
    return async () => {
      const { contactSessionList } = await this.#client.answer(
        C.BuddyListRecentContactSessionResponse,
        seqNum,
      );
      const times = contactSessionList.map(({ updatedTime }) => updatedTime);
      this.#news.local.sessions = Math.max(this.#news.local.sessions, ...times);
      return contactSessionList
        .filter(({ sessionType }) => sessionType === group)
        .map((each) => each.sessionId);
    };
  }

  /** Members and names, of versions it does not know. */
  async #groupInfos(groupIds: readonly number[]): Promise<void> {
    if (groupIds.length === 0) return;
    const { groups } = this.#news.local;
    const { groupInfoList } = await this.#client.ask(C.GroupInfoRequest, C.GroupInfoResponse, {
      userId: this.#client.id,
      groupVersionList: groupIds.map((groupId) => ({ groupId, version: groups.get(groupId) ?? 0 })),
    });
    for (const { groupId, version } of groupInfoList) groups.set(groupId, version);
  }

  /** Unknown groups with unread messages. */
  async #strangers(unread: readonly { sessionType: number; sessionId: number }[]): Promise<void> {
    const { groups } = this.#news.local;
    const unknown = unread.filter((each) => each.sessionType === group && !groups.has(each.sessionId));
    await this.#groupInfos(unknown.map(({ sessionId }) => sessionId));
  }

  #askUnread() {
    const seqNum = this.#client.send(C.MsgUnreadCntRequest, { userId: this.#client.id });
    return async () => {
      const { unreadinfoList } = await this.#client.answer(C.MsgUnreadCntResponse, seqNum);
      return unreadinfoList;
    };
  }

  #askHistory(
    { sessionType, sessionId }: { sessionType: 1 | 2; sessionId: number },
    msgIdBegin: number,
    msgCnt: number,
    seqNum?: number,
  ): number {
    const request = { userId: this.#client.id, sessionType, sessionId, msgIdBegin, msgCnt };
    return this.#client.send(C.MsgListRequest, request, seqNum);
  }

  async #takeHistory(seqNum: number): Promise<void> {
    const { sessionType, sessionId, msgList } = await this.#client.answer(C.MsgListResponse, seqNum);
    this.#news.fetched.set(
      keyOf(sessionType, sessionId),
      msgList.map(({ msgId }) => msgId),
    );
  }
}

const sync = (as: OldClient, client: Peer, local: LocalState) => new Sync(client, local)[as]();

/** Reads a session as the client does when the user opens it. */
async function read(client: Peer, sessionType: 1 | 2, sessionId: number, msgId: number): Promise<void> {
  client.send(C.MsgReadAck, { userId: client.id, sessionId, msgId, sessionType });
  await client.probe();
}

/** A message from the other user: the client sends a receipt and opens the session. */
async function hear(client: Peer, other: Peer, world: World): Promise<void> {
  const msgId = await world.say(other, client.id);
  const { fromUserId } = await client.get(C.MsgData, { msgId });
  client.send(C.MsgDataAck, client.profile.receipt(client.id, fromUserId, { msgId, sessionType: single }));
  await read(client, single, other.id, msgId);
}

function sessionsOf(as: OldClient): readonly Case[] {
  return [
    script({
      name: `session ${as}/starts up in its order, and after a reconnect its sync brings all it has missed`,
      commands: [C.LoginReqUserlogin, C.BuddyListRecentContactSessionRequest, C.MsgUnreadCntRequest],
      is: 'client habit',
      proves: ['client-sessions', 'client-receipts'],
      given: { other: 'b@1' },
      run: async ({ other }, world) => {
        const client = await world.connect(`a ${as}`);
        const { local, signatures } = await sync(as, client, nothing);
        check(
          [client.id, other.id].every((id) => signatures.has(id)),
          'the start-up does not tell of everybody',
        );
        await hear(client, other, world);
        const reply = await world.say(client, other.id);
        await other.get(C.MsgData, { msgId: reply, fromUserId: client.id });

        client.raw.close();
        const missed = [await world.say(other, client.id), await world.say(other, client.id)];
        const groupId = await world.group(other, client.id);
        const inGroup = await world.say(other, groupId, undefined, { group: true });
        const { signInfo: old } = await ownInfo(other);
        const signInfo = world.unique();
        const sign = (text: string) =>
          other.ask(C.BuddyListChangeSignInfoRequest, C.BuddyListChangeSignInfoResponse, {
            userId: other.id,
            signInfo: text,
          });
        await sign(signInfo);
        world.undoLater(async () => void (await sign(old ?? '')));

        const again = await world.connect(`a ${as}@1`);
        const news = await sync(as, again, local);
        const ofPair = news.fetched.get(keyOf(single, other.id)) ?? [];
        check(
          missed.every((id) => ofPair.includes(id)),
          `of the messages ${missed} it has ${ofPair}`,
        );
        const ofGroup = news.fetched.get(keyOf(group, groupId)) ?? [];
        check(ofGroup.includes(inGroup), `of the group's message ${inGroup} it has ${ofGroup}`);
        check(news.local.groups.has(groupId), 'the group is not told');
        check(news.signatures.get(other.id) === signInfo, 'a signature that was changed is not told');

        await read(again, single, other.id, missed.at(-1)!);
        await read(again, group, groupId, inGroup);
        check((await world.unread(again, other.id)) === 0, 'what was read is unread');
        await hear(again, other, world);
      },
    }),
    script({
      name: `session ${as}/sends an image: uploaded as it does it, and the receiver finds the bytes`,
      commands: [C.MsgData],
      is: 'client habit',
      proves: ['client-images'],
      needs: ['msfs'],
      given: { client: `a ${as}`, other: 'b@1' },
      run: async ({ client, other }, world) => {
        const { url, bytes } = await uploadAs(as, world.target);
        const text = imageText(url);
        const msgId = await world.say(client, other.id, text);
        const { msgData } = await other.get(C.MsgData, { msgId });
        check(world.codec.decrypt(msgData) === text, 'another text');
        const response = await fetch(url, { signal: AbortSignal.timeout(world.target.deadlineMs) });
        check(Buffer.from(await response.arrayBuffer()).equals(bytes), 'other bytes');
      },
    }),
  ];
}

async function ownInfo(peer: Peer) {
  const { userInfoList } = await peer.ask(C.BuddyListUserInfoRequest, C.BuddyListUserInfoResponse, {
    userId: peer.id,
    userIdList: [peer.id],
  });
  return userInfoList[0]!;
}

/** Sessions of the four old clients, according to their sources. */
export const sessionCases: readonly Case[] = (['windows', 'mac', 'ios', 'android'] as const).flatMap(
  sessionsOf,
);
