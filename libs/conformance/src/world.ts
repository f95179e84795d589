import { randomUUID } from 'node:crypto';
import { Commands as C, createTextCodec, IM, MsgType, type TextCodec } from '@teamtalk/protocol';
import { FilePeer } from './file-peer.js';
import type { DifferenceId } from './original.js';
import { Peer, type User } from './peer.js';
import type { ClientName } from './profiles.js';
import type { Target } from './target.js';

/** The four users of a case. */
export type Role = 'a' | 'b' | 'c' | 'd';
export const roles: readonly Role[] = ['a', 'b', 'c', 'd'];

/** A client that is connected when a case begins: `a`, `a android`, `b windows@1` (at the second msg_server, if any). */
export type PeerSpec = `${Role}${'' | ` ${ClientName}`}${'' | '@1'}`;

const { SESSION_TYPE_SINGLE, SESSION_TYPE_GROUP } = IM.BaseDefine.SessionType;
const { GROUP_MODIFY_TYPE_DEL } = IM.BaseDefine.GroupModifyType;

/** What a case works with: the servers, four users, and everything it opens. */
export class World {
  readonly target: Target;
  readonly users: Readonly<Record<Role, User>>;
  readonly codec: TextCodec;
  readonly #peers: Peer[] = [];
  readonly #groups: { creator: Peer; groupId: number; memberIds: number[] }[] = [];
  readonly #forwarded = new Set<DifferenceId>();
  readonly #undo: (() => Promise<void>)[] = [];

  constructor(target: Target, users: Readonly<Record<Role, User>>) {
    this.target = target;
    this.users = users;
    this.codec = createTextCodec(target.textKey);
  }

  get ids(): Record<Role, number> {
    const { a, b, c, d } = this.users;
    return { a: a.id, b: b.id, c: c.id, d: d.id };
  }

  /** A connection that has not logged in. */
  async open(as: ClientName = 'windows', server = 0, label = `a new ${as}`): Promise<Peer> {
    const { servers, deadlineMs, legacy } = this.target;
    const address = servers[server % servers.length]!;
    const peer = await Peer.open({ as, label, address, deadlineMs, legacy });
    this.#peers.push(peer);
    return peer;
  }

  /** A client that is logged in. */
  async connect(spec: PeerSpec): Promise<Peer> {
    const { role, as, server } = parse(spec);
    const peer = await this.open(as, server, spec);
    await peer.logIn(this.users[role]);
    return peer;
  }

  /** A web session that is logged in (presence.md#web-sessions). */
  async connectPage(role: Role): Promise<Peer> {
    const peer = await this.open('web', 0, `${role} page`);
    await peer.logIn(this.users[role], 'web/conformance');
    return peer;
  }

  /** A user's connection to a file_server, for a task; closed with the case. */
  async openFile(
    user: Peer,
    taskId: string,
    { ip: host, port }: { ip: string; port: number },
    { deadlineMs = this.target.deadlineMs, unnumbered = false } = {},
  ): Promise<FilePeer> {
    const label = `${user.label} at the file_server`;
    const { legacy } = this.target;
    const onForwarded = legacy ? () => this.#forwarded.add('defect-forwarded-header') : undefined;
    const side = { label, userId: user.id, taskId, deadlineMs, unnumbered, onForwarded };
    const peer = await FilePeer.open({ host, port }, side);
    this.undoLater(async () => peer.leave());
    return peer;
  }

  /** A unique text. */
  unique(): string {
    return `conformance ${randomUUID()}`;
  }

  encrypt(text: string): Buffer {
    return this.codec.encrypt(text);
  }

  /** The body of a text message. @param to a user, or with `group` a group */
  text(to: number, text = this.unique(), { group = false } = {}) {
    return {
      fromUserId: 0,
      toSessionId: to,
      msgId: 0,
      createTime: 0,
      msgType: (group ? MsgType.GROUP_TEXT : MsgType.SINGLE_TEXT) as IM.BaseDefine.MsgType,
      msgData: this.encrypt(text),
    };
  }

  /** Sends a text and waits for its ack. @returns its msg_id */
  async say(from: Peer, to: number, text?: string, { group = false } = {}): Promise<number> {
    const { msgId } = await from.ask(C.MsgData, C.MsgDataAck, this.text(to, text, { group }), {
      sessionId: to,
      sessionType: group ? SESSION_TYPE_GROUP : SESSION_TYPE_SINGLE,
    });
    return msgId;
  }

  /** The newest msg_id of a session, 0 when there is none. */
  async latest(peer: Peer, sessionId: number, { group = false } = {}): Promise<number> {
    const sessionType = group ? SESSION_TYPE_GROUP : SESSION_TYPE_SINGLE;
    const request = { userId: 0, sessionType, sessionId };
    return (await peer.ask(C.MsgGetLatestMsgIdReq, C.MsgGetLatestMsgIdRsp, request)).latestMsgId;
  }

  /** The number of unread messages of one session. */
  async unread(peer: Peer, sessionId: number, { group = false } = {}): Promise<number> {
    const sessionType = group ? SESSION_TYPE_GROUP : SESSION_TYPE_SINGLE;
    const { unreadinfoList } = await peer.ask(C.MsgUnreadCntRequest, C.MsgUnreadCntResponse, { userId: 0 });
    const info = unreadinfoList.find(
      (each) => each.sessionId === sessionId && each.sessionType === sessionType,
    );
    return info?.unreadCnt ?? 0;
  }

  /** Marks a session with a user as read up to its newest message. */
  async readAll(peer: Peer, sessionId: number): Promise<void> {
    const msgId = await this.latest(peer, sessionId);
    if (msgId > 0) peer.send(C.MsgReadAck, { userId: 0, sessionId, msgId, sessionType: SESSION_TYPE_SINGLE });
    await peer.probe();
  }

  /** A new temporary group, dissolved when the case is over. @returns its id */
  async group(creator: Peer, ...memberIds: number[]): Promise<number> {
    // On an original whoever creates it is a member only where listed, as the old clients list their user.
    const memberIdList = [creator.id, ...memberIds];
    const { groupId } = await creator.ask(
      C.GroupCreateRequest,
      C.GroupCreateResponse,
      { userId: 0, groupType: 2, groupName: 'conformance', groupAvatar: '', memberIdList },
      { resultCode: 0, groupId: (id) => id > 0 },
    );
    this.dissolveLater(creator, groupId, memberIdList);
    return groupId;
  }

  /** Has a group's members removed when the case is over. */
  dissolveLater(creator: Peer, groupId: number, memberIds: number[]): void {
    this.#groups.push({ creator, groupId, memberIds });
  }

  /** Has something restored when the case is over, whether it passed or failed. */
  undoLater(undo: () => Promise<void>): void {
    this.#undo.push(undo);
  }

  /**
   * When this returns, everything that `from` has caused so far at `to` has come: a command from user to user takes the
   * same way and comes last. An original keeps no such order, and may not deliver the command: there both sides also ask
   * for the time (0x0305), before and after it.
   */
  async fence(from: Peer, ...to: Peer[]): Promise<void> {
    if (this.target.legacy) await from.probe();
    for (const toUserId of new Set(to.map(({ id }) => id))) {
      const fence = from.sendFence(toUserId);
      // The sender's other clients get it too.
      for (const peer of to.filter(({ id }) => id === toUserId || id === from.id)) {
        await peer.takeFence(fence);
      }
    }
  }

  /** Known differences of an original that any client of the case saw. */
  get known(): ReadonlySet<DifferenceId> {
    return new Set([...this.#peers.flatMap(({ rules }) => [...rules.known.keys()]), ...this.#forwarded]);
  }

  /** The first violation of a rule that any client of the case saw. */
  get violation(): string | undefined {
    for (const { label, rules } of this.#peers) {
      if (rules.violation) return `${label} got ${rules.violation}`;
    }
    return undefined;
  }

  async close(): Promise<void> {
    try {
      for (const undo of this.#undo.reverse()) await undo();
      for (const { creator, groupId, memberIds } of this.#groups) {
        if (!creator.isLoggedIn) continue;
        await creator.ask(C.GroupChangeMemberRequest, C.GroupChangeMemberResponse, {
          userId: 0,
          changeType: GROUP_MODIFY_TYPE_DEL,
          groupId,
          memberIdList: [...new Set(memberIds)],
        });
      }
    } finally {
      await Promise.all(this.#peers.map((peer) => peer.leave()));
    }
  }
}

function parse(spec: PeerSpec): { role: Role; as: ClientName; server: number } {
  const [who, server] = spec.split('@');
  const [role, as] = who!.split(' ');
  return { role: role as Role, as: (as ?? 'windows') as ClientName, server: Number(server ?? 0) };
}
