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
  resolve: (messages: MailboxMessage[]) => void;
  reject: (error: unknown) => void;
}

/** Milliseconds the store has to respond. */
const storeMs = 2_000;
/** Mailboxes of one call. */
const maxMailboxes = 500;

export const hexOf = (mailbox: Uint8Array) => Buffer.from(mailbox).toString('hex');

/** What is kept for phones, by db_proxy_server. However many phones come at once, one call is in progress at a time. */
export class Mailboxes {
  readonly #pool: Pick<ReplicaPool, 'call' | 'callOnce'>;
  #waiting: Read[] = [];
  #reading = false;

  constructor(pool: Pick<ReplicaPool, 'call' | 'callOnce'>) {
    this.#pool = pool;
  }

  /** @returns undefined: the phone has not been seen for a month */
  async keep(message: MessageToKeep): Promise<{ id: number; keptAt: number } | undefined> {
    const { gone, id = 0, keptAt = 0 } = await this.#pool.callOnce(pushes.keepMessage, message, storeMs);
    return gone ? undefined : { id, keptAt };
  }

  /** @returns what is kept for one phone since a moment, the oldest first */
  read(mailboxes: ReadonlyMap<string, Buffer>, position: Position): Promise<MailboxMessage[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ mailboxes, position, found: new Map(), resolve, reject });
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
        more = (answer.more ?? false) && messages.length > 0;
      }
      for (const { found, resolve } of batch) resolve([...found.values()]);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

function take({ mailboxes, position, found }: Read, messages: readonly MailboxMessage[]): void {
  for (const message of messages) {
    if (message.keptAt > position.since && mailboxes.has(hexOf(message.mailbox)))
      found.set(message.id, message);
  }
}
