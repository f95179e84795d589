import { Commands, decodeBody, encodePdu, IM, type MessageOf } from '@teamtalk/protocol';
import type { LoadConnection, Traffic } from './connection.js';
import type { Conversation } from './ledger/conversation.js';
import { Findings, StoredMessages } from './ledger/judgement.js';
import type { Ledger } from './ledger/ledger.js';
import { Id, readIndex } from './wire.js';

type Page = MessageOf<typeof Commands.MsgListResponse>;

/** A conversation to read back. */
export interface CheckedConversation {
  conversation: Conversation;
  /** the member's connection that reads it */
  reader: LoadConnection;
}

export interface HistoryCounts {
  /** messages of the run found in the histories */
  stored: number;
  /** acknowledged, but in no history under that id */
  lost: number;
  /** in a history twice */
  duplicated: number;
  /** with a lower id than an earlier message of the same sender */
  reordered: number;
  /** conversations that could not be read completely */
  unread: number;
}

const { SESSION_TYPE_GROUP, SESSION_TYPE_SINGLE } = IM.BaseDefine.SessionType;
const pageSize = 100;
const readersAtOnce = 64;
const pageMs = 10_000;

/** Reads conversations back by 0x0309, page by page, newest first, and compares them with the ledger. */
export class HistoryCheck implements Partial<Traffic> {
  readonly #ledger: Ledger;
  readonly #findings = new Findings(['lost', 'duplicated', 'reordered'] as const);
  readonly #stored = new StoredMessages(this.#findings);
  readonly #waiting = new Map<LoadConnection, (page: Page | undefined) => void>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  async check(conversations: readonly CheckedConversation[]): Promise<HistoryCounts> {
    const queue = [...conversations];
    let unread = 0;
    const work = async () => {
      for (let next = queue.pop(); next; next = queue.pop()) if (!(await this.#read(next))) unread++;
    };
    await Promise.all(Array.from({ length: readersAtOnce }, work));
    this.#stored.judge(this.#ledger.messages());
    return { stored: this.#stored.size, ...this.#findings.counts, unread };
  }

  frame(
    connection: LoadConnection,
    commandId: number,
    _seq: number,
    buf: Buffer,
    start: number,
    end: number,
  ): void {
    if (commandId !== Id.HistoryAnswer) return;
    // Copied: what is decoded has views of the body, and the read buffer is used again.
    this.#answer(connection, decodeBody(Commands.MsgListResponse, Buffer.from(buf.subarray(start, end))));
  }

  closed(connection: LoadConnection): void {
    this.#answer(connection, undefined);
  }

  /** @returns whether it was read as far back as the run goes */
  async #read(checked: CheckedConversation): Promise<boolean> {
    for (let begin = 0; ; ) {
      const page = await this.#page(checked, begin);
      if (!page) return false;
      const messages = page.msgList ?? [];
      let ours = 0;
      for (const { msgId, msgData } of messages) {
        const number = readIndex(msgData, 0, msgData.length, this.#ledger.run);
        if (!this.#ledger.isOf(number, checked.conversation)) continue;
        ours++;
        this.#stored.add(number, msgId);
      }
      const oldest = Math.min(...messages.map(({ msgId }) => msgId));
      if (ours === 0 || oldest <= 1) return true;
      begin = oldest - 1;
    }
  }

  #page({ reader, conversation }: CheckedConversation, begin: number): Promise<Page | undefined> {
    if (!reader.loggedIn) return Promise.resolve(undefined);
    const { userId } = reader;
    const sessionType = conversation.groupId === undefined ? SESSION_TYPE_SINGLE : SESSION_TYPE_GROUP;
    const sessionId = conversation.sessionIdOf(userId);
    const request = { userId, sessionType, sessionId, msgIdBegin: begin, msgCnt: pageSize };
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#answer(reader, undefined), pageMs);
      this.#waiting.set(reader, (page) => {
        clearTimeout(timer);
        resolve(page);
      });
      reader.write(encodePdu(Commands.MsgListRequest, request, 1));
    });
  }

  #answer(reader: LoadConnection, page: Page | undefined): void {
    const waiting = this.#waiting.get(reader);
    this.#waiting.delete(reader);
    waiting?.(page);
  }
}
