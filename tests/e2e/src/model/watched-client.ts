import { type Session, TeamTalkClient } from '@teamtalk/client';
import { waitUntil } from '@teamtalk/local-stack';
import {
  Commands,
  createTextCodec,
  DEFAULT_TEXT_KEY,
  decodeBody,
  type IM,
  isGroupMessageType,
  type Pdu,
} from '@teamtalk/protocol';
import { expect } from 'vitest';

/** A received or expected message. */
export interface ReceivedMessage {
  msgId: number;
  fromUserId: number;
  text: string;
}

export interface MemberChange {
  changeType: IM.BaseDefine.GroupModifyType;
  groupId: number;
  curUserIdList: number[];
  chgUserIdList: number[];
}

/** Generous: the machine may be busy with other tests. */
const deliveryMs = 20_000;

const codec = createTextCodec(DEFAULT_TEXT_KEY);

export function keyOf(session: Session): string {
  return 'group' in session ? `group ${session.group}` : `user ${session.user}`;
}

/** A connection that records what arrived and what was expected, PDU by PDU and without the SDK's repairs. */
export class WatchedClient {
  readonly client: TeamTalkClient;
  readonly #received = new Map<string, ReceivedMessage[]>();
  readonly #expected = new Map<string, ReceivedMessage[]>();
  /** Newest message of each conversation at the login: it and those before may still be on their way. */
  readonly #before: ReadonlyMap<string, number>;
  readonly #memberChanges: MemberChange[] = [];
  /** Messages that came with the seq_num of some request. */
  readonly #misnumbered: number[] = [];
  readonly #expectedMemberChanges: MemberChange[] = [];

  constructor(port: number, before: ReadonlyMap<string, number>) {
    this.client = new TeamTalkClient({ host: '127.0.0.1', port, reconnect: false, deadlineMs: deliveryMs });
    this.#before = before;
    this.client.on('pdu', (pdu) => this.#take(pdu));
  }

  expectMessage(session: Session, message: ReceivedMessage): void {
    const key = keyOf(session);
    this.#expected.set(key, [...(this.#expected.get(key) ?? []), message]);
  }

  expectMemberChange(notice: MemberChange): void {
    this.#expectedMemberChanges.push(notice);
  }

  /** Waits until everything expected has arrived. */
  async caughtUp(): Promise<void> {
    const isThere = () =>
      this.#memberChanges.length >= this.#expectedMemberChanges.length &&
      [...this.#expected].every(([key, messages]) => this.#since(key).length >= messages.length);
    // On a timeout the comparison below gives the better message.
    await waitUntil(isThere, { timeoutMs: deliveryMs, what: 'all delivered' }).catch(() => {});
    this.verify();
  }

  /** Checks that exactly the expected messages arrived, once and in order. */
  verify(): void {
    for (const key of new Set([...this.#received.keys(), ...this.#expected.keys()])) {
      expect(this.#since(key), `deliveries of ${key}`).toEqual(this.#expected.get(key) ?? []);
      this.#verifyOrder(key);
    }
    expect(this.#memberChanges, 'changes of members').toEqual(this.#expectedMemberChanges);
    expect(this.#misnumbered, 'messages with a seq_num').toEqual([]);
  }

  /** The same for a connection that was cut: what was still on its way may be missing. */
  verifyCut(): void {
    for (const key of this.#received.keys()) {
      const since = this.#since(key);
      expect(since, `deliveries of ${key}`).toEqual((this.#expected.get(key) ?? []).slice(0, since.length));
      this.#verifyOrder(key);
    }
  }

  #verifyOrder(key: string): void {
    const ids = (this.#received.get(key) ?? []).map(({ msgId }) => msgId);
    expect(ids, `order of ${key}`).toEqual([...new Set(ids)].sort((a, b) => a - b));
  }

  #since(key: string): ReceivedMessage[] {
    const before = this.#before.get(key) ?? 0;
    return (this.#received.get(key) ?? []).filter(({ msgId }) => msgId > before);
  }

  #take({ commandId, body, seqNum }: Pdu): void {
    if (commandId === Commands.MsgData.id) {
      const { fromUserId, toSessionId, msgId, msgType, msgData } = decodeBody(
        Commands.MsgData,
        Buffer.from(body),
      );
      if (seqNum !== 0) this.#misnumbered.push(msgId);
      const isOwn = fromUserId === this.client.userId;
      const session = isGroupMessageType(msgType)
        ? { group: toSessionId }
        : { user: isOwn ? toSessionId : fromUserId };
      const key = keyOf(session);
      const list = this.#received.get(key) ?? [];
      list.push({ msgId, fromUserId, text: codec.decrypt(msgData) });
      this.#received.set(key, list);
    } else if (commandId === Commands.GroupChangeMemberNotify.id) {
      const notice = decodeBody(Commands.GroupChangeMemberNotify, Buffer.from(body));
      const { changeType, groupId, curUserIdList, chgUserIdList } = notice;
      this.#memberChanges.push({ changeType, groupId, curUserIdList, chgUserIdList });
    }
  }
}
