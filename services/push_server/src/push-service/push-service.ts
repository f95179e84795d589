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
  /** where phones and senders reach it */
  url: string;
}

/** Headers of a message that are looked at. */
export interface MessageHeaders {
  ttl?: string | undefined;
  topic?: string | undefined;
}

/** Longest time a message is kept, seconds. */
const maxTtl = 86_400;
/** What push services have to take (RFC 8030), bytes. */
export const maxBody = 4_096;
/** Milliseconds after which a sender may try again. */
const pauseMs = 5_000;

/**
 * A push service (RFC 8030) on the company's own network. A message is kept until it expires or its phone has it, and is
 * announced to all push_servers, of which one may have the phone's connection.
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

  /** Whether a subscription is one of this service. */
  serves(endpoint: URL): boolean {
    return endpoint.origin === this.origin;
  }

  /** Takes a message of this installation, as over HTTP. */
  post(endpoint: URL, headers: Record<string, string>, body: Buffer): Promise<HttpsAnswer> {
    const route = routeOf(endpoint.pathname);
    if (route?.what !== 'subscription') return Promise.resolve(answer(404));
    return this.take(route.names[0] ?? '', headers, body);
  }

  /** Takes a message for a subscription. */
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
      // Without a time to live it is for a phone that is there now.
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

  /** Those that are kept have numbers above 0. */
  #pass(): { id: number; keptAt: number } {
    return { id: -(++this.#passing * 2 ** 20 + (this.#options.kit.instance % 2 ** 20)), keptAt: Date.now() };
  }

  #announce(message: MailboxMessage): void {
    this.#options.bus.publish(topics.phoneMessage, message);
    // Also while NATS is away.
    this.phones.deliver(message);
  }
}

/** How long a message is kept, for the sender. */
export const keptFor = (ttl: string | undefined) => String(Math.min(Number(ttl), maxTtl));

function answer(status: number): HttpsAnswer {
  return { status, body: '', retryAfterMs: undefined, location: '' };
}
