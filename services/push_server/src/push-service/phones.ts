import { every, type Kit } from '@teamtalk/service-kit';
import { hexOf, type Mailboxes, type MailboxMessage } from './mailboxes.js';
import { mailboxOf } from './names.js';
import { marginMs, messageId, type Position } from './position.js';

/** The connection of a phone. */
export interface Stream {
  send(line: string): void;
  /** bytes written that the phone has not taken yet */
  readonly queued: number;
  /** Resolves when the phone has taken them or has disconnected. */
  drained(): Promise<void>;
  readonly gone: boolean;
  /** Pings the phone. @returns false: it did not answer the previous ping */
  probe(): boolean;
  /** Breaks the connection: ntfy's app does not reconnect after an orderly close. */
  cut(): void;
}

interface Phone {
  stream: Stream;
  /** names of its subscriptions by mailbox, in hexadecimal */
  names: ReadonlyMap<string, string>;
  mailboxes: ReadonlyMap<string, Buffer>;
  position: Position;
  /** messages sent to it that another read may return, by id: when they were kept */
  sent: Map<number, number>;
  /** it has received everything that was kept before it connected, and gets new messages at once */
  ready: boolean;
  /** a message arrived before it was ready */
  missed: boolean;
  /** its mailboxes are being read */
  reading: boolean;
  /** it had untaken bytes at the previous keepalive */
  stalled: boolean;
}

/** Milliseconds between keepalive lines (ntfy's app gives up after 77 s), and between reads of the mailboxes. */
const keepaliveMs = 45_000;
const lookMs = 30_000;
/** Untaken bytes at which a phone is cut off, and above which no further kept messages are sent. */
const maxQueued = 262_144;
const enoughQueued = maxQueued / 4;

/** The phones connected to this push_server, each with the subscriptions it reads. */
export class Phones {
  readonly #kit: Kit;
  readonly #mailboxes: Mailboxes;
  readonly #phones = new Set<Phone>();
  readonly #byMailbox = new Map<string, Set<Phone>>();
  readonly #delivered;
  readonly #cut;
  readonly #stops: (() => Promise<void>)[];
  #failing = false;

  constructor(kit: Kit, mailboxes: Mailboxes) {
    this.#kit = kit;
    this.#mailboxes = mailboxes;
    const { metrics } = kit;
    metrics.gauge('phones_connected', 'Phones that read from the push service', () => this.#phones.size);
    this.#delivered = metrics.counter(
      'phone_messages_sent_total',
      'Messages written to phones by the push service',
    );
    this.#cut = metrics.counter('phones_cut_total', 'Connections of phones that were cut, by reason', [
      'reason',
    ]);
    this.#stops = [every(keepaliveMs, () => this.keepAlive()), every(lookMs, () => this.look())];
  }

  /** Adds a connected phone. @returns a function to call when it has disconnected */
  add(stream: Stream, names: readonly string[], position: Position): () => void {
    const phone: Phone = {
      stream,
      ...mailboxesOf(names),
      position,
      sent: new Map(),
      ready: false,
      missed: false,
      reading: false,
      stalled: false,
    };
    this.#phones.add(phone);
    for (const mailbox of phone.mailboxes.keys()) {
      const readers = this.#byMailbox.get(mailbox) ?? new Set();
      this.#byMailbox.set(mailbox, readers.add(phone));
    }
    stream.send(eventLine('open', names));
    void this.#catchUp(phone);
    return () => this.#remove(phone);
  }

  /** Sends the kept messages to a phone that does not stay connected. Resolves when it has them or has disconnected. */
  async poll(stream: Stream, names: readonly string[], position: Position): Promise<void> {
    const boxes = mailboxesOf(names);
    for await (const message of this.#mailboxes.readAll(boxes.mailboxes, position)) {
      if (stream.queued > enoughQueued) await stream.drained();
      if (stream.gone) return;
      stream.send(messageLine(boxes.names.get(hexOf(message.mailbox)) ?? '', message));
    }
  }

  /** Sends a new message to the phones that read its mailbox. */
  deliver(message: MailboxMessage): void {
    for (const phone of this.#byMailbox.get(hexOf(message.mailbox)) ?? []) {
      // Sent out of order, its id would make the phone skip the earlier messages.
      if (phone.ready) this.#send(phone, message);
      else phone.missed = true;
    }
  }

  /** Cuts all phones off; they reconnect to other push_servers. */
  async stop(): Promise<void> {
    await Promise.all(this.#stops.map((stop) => stop()));
    for (const { stream } of this.#phones) stream.cut();
  }

  async #catchUp(phone: Phone): Promise<void> {
    const startedAt = Date.now();
    phone.reading = true;
    try {
      do {
        phone.missed = false;
        await this.#sendKept(phone);
      } while (phone.missed && this.#phones.has(phone));
      this.#failing = false;
    } catch (error) {
      // The next read finds the messages.
      if (!this.#failing) this.#kit.log.warn({ err: error }, 'mailboxes of phones unavailable');
      this.#failing = true;
      return;
    } finally {
      phone.reading = false;
    }
    phone.ready = true;
    phone.position = { since: Math.max(phone.position.since, startedAt - marginMs), received: false };
    for (const [id, keptAt] of phone.sent) if (keptAt <= phone.position.since) phone.sent.delete(id);
  }

  /** Sends kept messages as fast as the phone takes them; one that takes nothing is cut off by `keepAlive`. */
  async #sendKept(phone: Phone): Promise<void> {
    const { mailboxes, position, stream } = phone;
    for await (const message of this.#mailboxes.readAll(mailboxes, position)) {
      if (stream.queued > enoughQueued) {
        // Messages that arrive meanwhile must not overtake kept ones.
        phone.ready = false;
        await stream.drained();
      }
      if (!this.#phones.has(phone)) return;
      this.#send(phone, message);
    }
  }

  /** Finds kept messages that were never announced, as when NATS is unavailable. Does not wait for phones. */
  look(): void {
    for (const phone of this.#phones) if (!phone.reading) void this.#catchUp(phone);
  }

  #send(phone: Phone, { id, keptAt, mailbox, body }: MailboxMessage): void {
    const { stream, names, sent } = phone;
    if (sent.has(id) || !this.#phones.has(phone)) return;
    sent.set(id, keptAt);
    this.#delivered.inc();
    stream.send(messageLine(names.get(hexOf(mailbox)) ?? '', { id, keptAt, body }));
    if (stream.queued > maxQueued) this.#cutOff(phone, 'slow');
  }

  /** Sends each phone a keepalive, and cuts off those that no longer answer or read. */
  keepAlive(): void {
    for (const phone of this.#phones) {
      const { stream, names } = phone;
      if (!stream.probe()) this.#cutOff(phone, 'silent');
      else if (phone.stalled && stream.queued > 0) this.#cutOff(phone, 'slow');
      else {
        phone.stalled = stream.queued > 0;
        stream.send(eventLine('keepalive', [...names.values()]));
      }
    }
  }

  #cutOff(phone: Phone, reason: 'silent' | 'slow'): void {
    this.#cut.inc({ reason });
    this.#remove(phone);
    phone.stream.cut();
  }

  #remove(phone: Phone): void {
    if (!this.#phones.delete(phone)) return;
    for (const mailbox of phone.mailboxes.keys()) {
      const readers = this.#byMailbox.get(mailbox);
      readers?.delete(phone);
      if (readers?.size === 0) this.#byMailbox.delete(mailbox);
    }
  }
}

function mailboxesOf(names: readonly string[]): Pick<Phone, 'names' | 'mailboxes'> {
  const boxes = names.map((name) => ({ name, mailbox: mailboxOf(name), hex: hexOf(mailboxOf(name)) }));
  return {
    names: new Map(boxes.map(({ hex, name }) => [hex, name])),
    mailboxes: new Map(boxes.map(({ hex, mailbox }) => [hex, mailbox])),
  };
}

function eventLine(event: 'open' | 'keepalive', names: readonly string[]): string {
  const time = Math.floor(Date.now() / 1_000);
  return JSON.stringify({ id: messageId(0, Date.now()), time, event, topic: names.join(',') });
}

/** A message as ntfy's app reads it. */
function messageLine(
  topic: string,
  { id, keptAt, body }: Pick<MailboxMessage, 'id' | 'keptAt' | 'body'>,
): string {
  return JSON.stringify({
    id: messageId(id, keptAt),
    time: Math.floor(keptAt / 1_000),
    event: 'message',
    topic,
    message: Buffer.from(body).toString('base64'),
    encoding: 'base64',
  });
}
