import { type Bus, topics } from '@teamtalk/bus';
import type { ReplicaPool } from '@teamtalk/rpc';
import type { Kit } from '@teamtalk/service-kit';
import type { HttpsAnswer } from '../providers/https-client.js';
import { Mailboxes, type MailboxMessage } from './mailboxes.js';
import { mailboxOf, routeOf } from './names.js';
import { Phones } from './phones.js';
import { messageId } from './position.js';

export interface PushServiceOptions {
  kit: Kit;
  pool: Pick<ReplicaPool, 'call' | 'callOnce'>;
  bus: Pick<Bus, 'publish' | 'subscribe'>;
  /** address for phones and senders */
  url: string;
}

/** The headers of a message that matter here. */
export interface MessageHeaders {
  ttl?: string | undefined;
  topic?: string | undefined;
}

/** Longest time a message is kept, seconds. */
const maxTtl = 86_400;
/** Longest body, which every push service has to accept (RFC 8030), bytes. */
export const maxBody = 4_096;
/** Milliseconds after which a sender may try again. */
const pauseMs = 5_000;

/**
 * A push service (RFC 8030) on the company's own network. A message is kept until it expires or its phone has received it, and
 * is announced to all push_servers, one of which may hold the phone's connection.
 */
export class PushService {
  readonly origin: string;
  readonly phones: Phones;
  readonly mailboxes: Mailboxes;
  readonly #options: PushServiceOptions;
  readonly #taken;
  #passing = 0;
  #failing = false;

  constructor(options: PushServiceOptions) {
    const { kit, pool, bus, url } = options;
    this.#options = options;
    this.origin = new URL(url).origin;
    this.mailboxes = new Mailboxes(pool);
    this.phones = new Phones(kit, this.mailboxes);
    this.#taken = kit.metrics.counter(
      'phone_messages_total',
      'Messages for phones given to the push service, by answer',
      ['status'],
    );
    bus.subscribe(topics.phoneMessage, (message) => this.phones.deliver(message as MailboxMessage));
  }

  /** Whether a subscription belongs to this service. */
  serves(endpoint: URL): boolean {
    return endpoint.origin === this.origin;
  }

  /** Accepts a message from this installation, as over HTTP. */
  post(endpoint: URL, headers: Record<string, string>, body: Buffer): Promise<HttpsAnswer> {
    const route = routeOf(endpoint.pathname);
    if (route?.what !== 'subscription') return Promise.resolve(answer(404));
    return this.take(route.names[0] ?? '', headers, body);
  }

  /** Accepts a message for a subscription. */
  async take(name: string, headers: MessageHeaders, body: Buffer): Promise<HttpsAnswer> {
    const taken = await this.#take(name, headers, body);
    this.#taken.inc({ status: taken.status });
    return taken;
  }

  async #take(
    name: string,
    { ttl: seconds = '', topic = '' }: MessageHeaders,
    body: Buffer,
  ): Promise<HttpsAnswer> {
    if (!/^\d{1,10}$/.test(seconds) || !/^[-_A-Za-z0-9]{0,32}$/.test(topic) || body.length === 0)
      return answer(400);
    if (body.length > maxBody) return answer(413);
    const ttl = Math.min(Number(seconds), maxTtl);
    const mailbox = mailboxOf(name);
    try {
      // A TTL of 0: only for a phone that is connected now.
      const kept = ttl === 0 ? this.#pass() : await this.#keep({ mailbox, topic, body, ttl });
      if (!kept) return answer(404);
      this.#announce({ mailbox, body, ...kept });
      return { ...answer(201), location: `${this.origin}/message/${messageId(kept.id, kept.keptAt)}` };
    } catch (error) {
      if (!this.#failing) this.#options.kit.log.warn({ err: error }, 'message for a phone could not be kept');
      this.#failing = true;
      return { ...answer(503), retryAfterMs: pauseMs };
    }
  }

  async #keep(
    message: Parameters<Mailboxes['keep']>[0],
  ): Promise<{ id: number; keptAt: number } | undefined> {
    const kept = await this.mailboxes.keep(message);
    this.#failing = false;
    return kept;
  }

  /** Ids are negative, since those of kept messages are positive. */
  #pass(): { id: number; keptAt: number } {
    return { id: -(++this.#passing * 2 ** 20 + (this.#options.kit.instance % 2 ** 20)), keptAt: Date.now() };
  }

  #announce(message: MailboxMessage): void {
    this.#options.bus.publish(topics.phoneMessage, message);
    // Also reaches this instance's phones while NATS is unavailable.
    this.phones.deliver(message);
  }
}

/** The TTL header of the response: for how long the message is kept. */
export const keptFor = (ttl: string | undefined) => String(Math.min(Number(ttl), maxTtl));

function answer(status: number): HttpsAnswer {
  return { status, body: '', retryAfterMs: undefined, location: '' };
}
