import { type pushApi, pushes, type ReplicaPool } from '@teamtalk/rpc';
import type { Position } from './position.js';

/** A message for a phone. */
export type MailboxMessage = Pick<pushApi.push.MailboxMessage, 'mailbox' | 'id' | 'keptAt' | 'body'>;

export interface MessageToKeep {
  mailbox: Buffer;
  topic: string;
  body: Buffer;
  /** seconds */
  ttl: number;
}

interface Read {
  mailboxes: ReadonlyMap<string, Buffer>;
  position: Position;
  found: Map<number, MailboxMessage>;
  /** of the messages found */
  bytes: number;
  /** unix milliseconds at which the last message was kept */
  lastAt: number;
  /** there are more messages than fit into one part */
  full: boolean;
  resolve: (part: Part) => void;
  reject: (error: unknown) => void;
}

/** The oldest messages kept for one phone. */
interface Part {
  messages: MailboxMessage[];
  more: boolean;
}

/** Milliseconds the store has to respond. */
const storeMs = 2_000;
/** Mailboxes per call. */
const maxMailboxes = 500;
/** Bytes held in memory for one phone; more are read once it has taken them. */
const maxHeld = 131_072;

export const hexOf = (mailbox: Uint8Array) => Buffer.from(mailbox).toString('hex');

/** The messages that db_proxy_server keeps for phones. Concurrent reads are batched, with one call in flight at a time. */
export class Mailboxes {
  readonly #pool: Pick<ReplicaPool, 'call' | 'callOnce'>;
  #waiting: Read[] = [];
  #reading = false;

  constructor(pool: Pick<ReplicaPool, 'call' | 'callOnce'>) {
    this.#pool = pool;
  }

  /** @returns undefined: the phone has not read its mailbox for 30 days */
  async keep(message: MessageToKeep): Promise<{ id: number; keptAt: number } | undefined> {
    const { gone, id = 0, keptAt = 0 } = await this.#pool.callOnce(pushes.keepMessage, message, storeMs);
    return gone ? undefined : { id, keptAt };
  }

  /** The messages kept for one phone after a position, oldest first. Reads on only as the caller takes them. */
  async *readAll(
    mailboxes: ReadonlyMap<string, Buffer>,
    position: Position,
  ): AsyncGenerator<MailboxMessage, void, undefined> {
    for (let from: Position | undefined = position; from; ) {
      const { messages, more }: Part = await this.#read(mailboxes, from);
      yield* messages;
      const last = messages.at(-1);
      from = more && last ? { since: last.keptAt, received: false } : undefined;
    }
  }

  #read(mailboxes: ReadonlyMap<string, Buffer>, position: Position): Promise<Part> {
    return new Promise((resolve, reject) => {
      const nothing = { found: new Map(), bytes: 0, lastAt: 0, full: false };
      this.#waiting.push({ mailboxes, position, ...nothing, resolve, reject });
      void this.#readWaiting();
    });
  }

  async #readWaiting(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    while (this.#waiting.length > 0) {
      const batch: Read[] = [];
      for (let size = 0; this.#waiting[0] && size + this.#waiting[0].mailboxes.size <= maxMailboxes; ) {
        const [next] = this.#waiting.splice(0, 1) as [Read];
        size += next.mailboxes.size;
        batch.push(next);
      }
      await this.#readBatch(batch);
    }
    this.#reading = false;
  }

  async #readBatch(batch: readonly Read[]): Promise<void> {
    try {
      for (let after = 0, more = true; more; ) {
        const positions = batch.flatMap(({ mailboxes, position: { since, received } }) =>
          [...mailboxes.values()].map((mailbox) => ({
            mailbox,
            since: Math.max(since, after),
            received: received && after === 0,
          })),
        );
        const answer = await this.#pool.call(pushes.readMailboxes, { mailboxes: positions }, storeMs);
        const messages = (answer.messages ?? []) as MailboxMessage[];
        for (const read of batch) take(read, messages);
        after = messages.at(-1)?.keptAt ?? after;
        more = (answer.more ?? false) && messages.length > 0 && batch.some(({ full }) => !full);
      }
      for (const { found, full, resolve } of batch) resolve({ messages: [...found.values()], more: full });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

function take(read: Read, messages: readonly MailboxMessage[]): void {
  const { mailboxes, position, found } = read;
  for (const message of messages) {
    if (message.keptAt <= position.since || !mailboxes.has(hexOf(message.mailbox))) continue;
    // Messages kept at the same time belong to the same part, since the next part begins after that time.
    read.full ||= read.bytes >= maxHeld && message.keptAt > read.lastAt;
    if (read.full) return;
    found.set(message.id, message);
    read.bytes += message.body.length;
    read.lastAt = message.keptAt;
  }
}
