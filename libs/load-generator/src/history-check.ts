import { Commands, decodeBody, encodePdu, type MessageOf } from '@teamtalk/protocol';
import type { LoadConnection, Traffic } from './connection.js';
import type { Ledger } from './ledger.js';
import { Id, readIndex } from './wire.js';

type Page = MessageOf<typeof Commands.MsgListResponse>;

/** A conversation to read back. */
export interface CheckedConversation {
  /** who reads it */
  reader: LoadConnection;
  /** SessionType on the wire: 1 a user, 2 a group */
  sessionType: 1 | 2;
  sessionId: number;
}

export interface HistoryCounts {
  /** messages of the run found in the histories */
  stored: number;
  /** acknowledged, but in no history */
  lost: number;
  /** in a history twice */
  storedTwice: number;
  /** under another msg_id than the ack said */
  wrongId: number;
  /** behind a later message of the same sender */
  storedOutOfOrder: number;
  /** conversations that could not be read to the end */
  unread: number;
}

const pageSize = 100;
const readersAtOnce = 64;
const pageMs = 10_000;

/** Reads conversations back by 0x0309, page by page, newest first, and compares them with the ledger. */
export class HistoryCheck implements Partial<Traffic> {
  readonly #ledger: Ledger;
  readonly #run: number;
  readonly #seen: Uint8Array;
  readonly #counts: HistoryCounts = {
    stored: 0,
    lost: 0,
    storedTwice: 0,
    wrongId: 0,
    storedOutOfOrder: 0,
    unread: 0,
  };
  readonly #waiting = new Map<LoadConnection, (page: Page | undefined) => void>();

  constructor(ledger: Ledger, run: number) {
    this.#ledger = ledger;
    this.#run = run;
    this.#seen = new Uint8Array(ledger.msgIds.length);
  }

  async check(conversations: readonly CheckedConversation[]): Promise<HistoryCounts> {
    const queue = [...conversations];
    const work = async () => {
      for (let next = queue.pop(); next; next = queue.pop()) {
        if (!(await this.#read(next))) this.#counts.unread++;
      }
    };
    await Promise.all(Array.from({ length: readersAtOnce }, work));
    this.#ledger.msgIds.forEach((msgId, k) => {
      if (msgId > 0 && !this.#seen[k]) this.#counts.lost++;
    });
    return this.#counts;
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
  async #read(conversation: CheckedConversation): Promise<boolean> {
    /** by sender: the lowest number seen so far, since the pages go back in time */
    const oldest = new Map<number, number>();
    for (let begin = 0; ; ) {
      const page = await this.#page(conversation, begin);
      if (!page) return false;
      const messages = (page.msgList ?? []).toSorted((a, b) => b.msgId - a.msgId);
      let ours = 0;
      for (const { msgId, msgData } of messages) {
        const k = readIndex(msgData, 0, msgData.length, this.#run);
        if (!this.#ledger.isSent(k)) continue;
        ours++;
        this.#found(k, msgId, oldest);
      }
      const last = messages.at(-1);
      if (ours === 0 || !last || last.msgId <= 1) return true;
      begin = last.msgId - 1;
    }
  }

  #found(k: number, msgId: number, oldest: Map<number, number>): void {
    if (this.#seen[k]) {
      this.#counts.storedTwice++;
      return;
    }
    this.#seen[k] = 1;
    this.#counts.stored++;
    const acked = this.#ledger.msgIds[k];
    if (acked !== 0 && acked !== msgId) this.#counts.wrongId++;
    const sender = k % this.#ledger.senders;
    const later = oldest.get(sender);
    if (later !== undefined && k > later) this.#counts.storedOutOfOrder++;
    else oldest.set(sender, k);
  }

  #page({ reader, sessionType, sessionId }: CheckedConversation, begin: number): Promise<Page | undefined> {
    if (!reader.loggedIn) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#answer(reader, undefined), pageMs);
      this.#waiting.set(reader, (page) => {
        clearTimeout(timer);
        resolve(page);
      });
      reader.write(
        encodePdu(
          Commands.MsgListRequest,
          { userId: reader.userId, sessionType, sessionId, msgIdBegin: begin, msgCnt: pageSize },
          1,
        ),
      );
    });
  }

  #answer(reader: LoadConnection, page: Page | undefined): void {
    const waiting = this.#waiting.get(reader);
    this.#waiting.delete(reader);
    waiting?.(page);
  }
}
