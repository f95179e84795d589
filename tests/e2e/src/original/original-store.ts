import { passwordDigest } from '@teamtalk/conformance';
import { ClientType, IM, isGroupMessageType, MsgType, sessionTypeOf } from '@teamtalk/protocol';

export interface OriginalUser {
  id: number;
  name: string;
  passwordMd5: string;
  signInfo: string;
  avatarUrl: string;
  shieldStatus: number;
  updated: number;
}

export interface OriginalGroup {
  id: number;
  type: IM.BaseDefine.GroupType;
  name: string;
  creatorId: number;
  members: Set<number>;
  /** how many messages there were when each one joined */
  joinedAt: Map<number, number>;
  shielding: Set<number>;
  version: number;
}

interface Message {
  msgId: number;
  fromUserId: number;
  createTime: number;
  msgType: IM.BaseDefine.MsgType;
  msgData: Uint8Array;
}

type SessionType = IM.BaseDefine.SessionType;

export const now = () => Math.floor(Date.now() / 1000);
const single = IM.BaseDefine.SessionType.SESSION_TYPE_SINGLE;
/** Base64 of `[语音]` under the historic key. */
const audioPreview = (encrypt: (text: string) => Buffer) => encrypt('[语音]');

/** The data of db_proxy_server, MySQL and Redis behind an original msg_server. */
export class OriginalStore {
  readonly users = new Map<number, OriginalUser>();
  readonly groups = new Map<number, OriginalGroup>();
  readonly offlineFiles: { from: number; to: number; taskId: string; name: string; size: number }[] = [];
  readonly #conversations = new Map<string, Message[]>();
  readonly #unread = new Map<string, number>();
  readonly #sessions = new Map<number, Map<string, { id: number; type: SessionType; updated: number }>>();
  readonly #encrypt: (text: string) => Buffer;
  /** Orders messages of the same second. The original does not, and no case depends on it. */
  #tick = 0;

  constructor(names: readonly string[], password: string, encrypt: (text: string) => Buffer) {
    this.#encrypt = encrypt;
    for (const [i, name] of names.entries()) {
      const passwordMd5 = passwordDigest(password);
      const id = i + 1;
      this.users.set(id, {
        id,
        name,
        passwordMd5,
        signInfo: '',
        avatarUrl: '',
        shieldStatus: 0,
        updated: now(),
      });
    }
  }

  /** A user as all lists show them. */
  infoOf({ id, name, signInfo, avatarUrl }: OriginalUser) {
    return {
      userId: id,
      userGender: 1,
      userNickName: name,
      avatarUrl,
      departmentId: 1,
      email: '',
      userRealName: name,
      userTel: '',
      userDomain: name,
      status: 0,
      signInfo,
    };
  }

  /** @returns the msg_id, or 0 where it is not stored */
  append(
    from: number,
    to: number,
    msgType: IM.BaseDefine.MsgType,
    msgData: Uint8Array,
    createTime: number,
  ): number {
    const group = isGroupMessageType(msgType);
    if (group && !this.groups.get(to)?.members.has(from)) return 0;
    if (msgType === (MsgType.PUSH_NOTICE as number)) return 0;
    const type = sessionTypeOf(msgType)!;
    const messages = this.#messagesOf(from, to, type);
    const msgId = messages.length + 1;
    messages.push({ msgId, fromUserId: from, createTime, msgType, msgData });
    const members = group ? [...this.groups.get(to)!.members] : [from, to];
    for (const member of members) {
      const session = group ? to : member === from ? to : from;
      this.#touch(member, session, type);
      if (member !== from) this.#addUnread(member, session, type, 1);
    }
    return msgId;
  }

  latest(user: number, session: number, type: SessionType): number {
    return this.#messagesOf(user, session, type).length;
  }

  history(user: number, session: number, type: SessionType, begin: number, count: number) {
    const messages = this.#messagesOf(user, session, type);
    const last = begin === 0 ? messages.length : Math.min(begin, messages.length);
    return messages
      .slice(Math.max(0, last - count, this.#seenFrom(user, session, type)), last)
      .toReversed()
      .map(infoOf);
  }

  byIds(user: number, session: number, type: SessionType, ids: readonly number[]) {
    const messages = this.#messagesOf(user, session, type);
    return ids.flatMap((id) => (messages[id - 1] ? [infoOf(messages[id - 1]!)] : []));
  }

  /** Marks everything read, whatever the id. */
  read(user: number, session: number, type: SessionType): void {
    this.#unread.delete(`${user} ${type} ${session}`);
  }

  unread(user: number) {
    return this.#sessionsOf(user).flatMap(({ id, type }) => {
      const unreadCnt = this.#unread.get(`${user} ${type} ${id}`) ?? 0;
      return unreadCnt > 0
        ? [{ sessionId: id, sessionType: type, unreadCnt, ...this.#latestOf(user, id, type) }]
        : [];
    });
  }

  recentSessions(user: number, since: number) {
    return this.#sessionsOf(user)
      .filter(({ updated }) => Math.floor(updated) > since)
      .sort((a, b) => b.updated - a.updated)
      .map(({ id, type, updated }) => ({
        sessionId: id,
        sessionType: type,
        sessionStatus: 0 as const,
        updatedTime: Math.floor(updated),
        ...this.#latestOf(user, id, type),
      }));
  }

  /** @returns whether there was one */
  removeSession(user: number, session: number, type: SessionType): boolean {
    this.read(user, session, type);
    return this.#sessions.get(user)?.delete(`${type} ${session}`) ?? false;
  }

  createGroup(
    creatorId: number,
    type: IM.BaseDefine.GroupType,
    name: string,
    members: readonly number[],
  ): OriginalGroup {
    const id = this.groups.size + 1;
    const group = {
      id,
      type,
      name,
      creatorId,
      members: new Set(members),
      joinedAt: new Map<number, number>(),
      shielding: new Set<number>(),
      version: 1,
    };
    this.groups.set(id, group);
    return group;
  }

  /** The first visible message of a group: after the join. */
  #seenFrom(user: number, session: number, type: SessionType): number {
    return type === single ? 0 : (this.groups.get(session)?.joinedAt.get(user) ?? 0);
  }

  join(group: OriginalGroup, user: number): void {
    group.members.add(user);
    group.joinedAt.set(
      user,
      this.#messagesOf(0, group.id, IM.BaseDefine.SessionType.SESSION_TYPE_GROUP).length,
    );
  }

  #latestOf(user: number, session: number, type: SessionType) {
    const latest = this.#messagesOf(user, session, type).at(-1);
    const audio =
      latest && (latest.msgType === MsgType.SINGLE_AUDIO || latest.msgType === MsgType.GROUP_AUDIO);
    return {
      latestMsgId: latest?.msgId ?? 0,
      latestMsgData: audio ? audioPreview(this.#encrypt) : (latest?.msgData ?? Buffer.alloc(0)),
      latestMsgType: latest?.msgType ?? MsgType.SINGLE_TEXT,
      latestMsgFromUserId: latest?.fromUserId ?? 0,
    };
  }

  #messagesOf(user: number, session: number, type: SessionType): Message[] {
    const key = type === single ? `users ${[user, session].sort((a, b) => a - b)}` : `group ${session}`;
    const messages = this.#conversations.get(key) ?? [];
    this.#conversations.set(key, messages);
    return messages;
  }

  #sessionsOf(user: number) {
    return [...(this.#sessions.get(user)?.values() ?? [])];
  }

  #touch(user: number, id: number, type: SessionType): void {
    const sessions = this.#sessions.get(user) ?? new Map();
    this.#sessions.set(
      user,
      sessions.set(`${type} ${id}`, { id, type, updated: now() + (this.#tick++ % 1e6) / 1e6 }),
    );
  }

  #addUnread(user: number, session: number, type: SessionType, count: number): void {
    const key = `${user} ${type} ${session}`;
    this.#unread.set(key, (this.#unread.get(key) ?? 0) + count);
  }
}

function infoOf({ msgId, fromUserId, createTime, msgType, msgData }: Message) {
  return { msgId, fromSessionId: fromUserId, createTime, msgType, msgData };
}

export const isPc = (clientType: number) =>
  clientType === ClientType.WINDOWS || clientType === ClientType.MAC;
