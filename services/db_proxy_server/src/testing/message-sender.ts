import { MsgType } from '@teamtalk/protocol';
import { createKit } from '@teamtalk/service-kit';
import type { Pool } from 'pg';
import { MessageWriter } from '../messages/append/message-writer.js';
import { type Outcome, toEntry } from '../messages/entry.js';
import type { StoredBatch } from '../messages/stored-batch.js';

export interface TestMessage {
  from: number;
  /** user or group id */
  to: number;
  group?: boolean;
  text?: string;
  /** numbered by the sender when left out */
  requestId?: number;
  retry?: boolean;
  /** 0: not known */
  horizon?: number;
}

/** The message writer of one replica; several on one database act as several replicas. */
export class MessageSender {
  readonly #writer: MessageWriter;
  readonly #instance: number;
  #requestId = 0;

  /**
   * @param publish gets committed batches, in place of the outbox publisher
   * @param push whether messages are marked for push
   */
  constructor(
    pool: Pool,
    publish: (batch: StoredBatch) => void = () => {},
    push: { readonly wanted: boolean } = { wanted: false },
  ) {
    const kit = createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 1_000 });
    this.#instance = kit.instance;
    this.#writer = new MessageWriter({
      kit,
      pool,
      partitions: 1,
      spacingMs: 0,
      push,
      publisher: {
        publish: (batch) => {
          publish(batch);
          return true;
        },
        takeDelivered: () => [],
        returnDelivered: () => {},
      },
    });
  }

  send(message: TestMessage): Promise<Outcome> {
    return appendMessage(this.#writer, this.#instance, { requestId: ++this.#requestId, ...message });
  }
}

/** Appends a message. @returns its outcome */
export function appendMessage(
  writer: MessageWriter,
  instance: number,
  {
    from,
    to,
    group = false,
    text = 'x',
    requestId,
    retry = false,
    horizon = 0,
  }: TestMessage & { requestId: number },
): Promise<Outcome> {
  const request = {
    requestId,
    fromUserId: from,
    toSessionId: to,
    msgType: group ? MsgType.GROUP_TEXT : MsgType.SINGLE_TEXT,
    msgData: Buffer.from(text),
    clientKey: Buffer.alloc(0),
    connectionId: 0,
    retry,
    horizon,
    receivedAt: 0,
  };
  return new Promise((resolve) => {
    writer.append(
      toEntry(request, { originInstance: instance, horizon }, { finished: (_, outcome) => resolve(outcome) }),
    );
  });
}
