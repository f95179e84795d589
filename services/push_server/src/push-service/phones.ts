import { every, type Kit } from '@teamtalk/service-kit';
import { hexOf, type Mailboxes, type MailboxMessage } from './mailboxes.js';
import { mailboxOf } from './names.js';
import { marginMs, messageId, type Position } from './position.js';

/** The connection of a phone. */
export interface Stream {
  send(line: string): void;
  /** bytes that the phone has not taken yet */
  readonly queued: number;
  /** Resolves when the phone has taken them, or is gone. */
  drained(): Promise<void>;
  readonly gone: boolean;
  /** Asks the phone whether it is there. @returns false: it has not answered the last time */
  probe(): boolean;
  /** Ends it as a broken connection ends: ntfy's app does not come back from one that is closed in order. */
  cut(): void;
}

interface Phone {
  stream: Stream;
  /** names of its subscriptions by their mailboxes, in hexadecimal */
  names: ReadonlyMap<string, string>;
  mailboxes: ReadonlyMap<string, Buffer>;
  position: Position;
  /** by id, when those were kept that it has got and that may be found again */
  sent: Map<number, number>;
  /** whether it has got all that was there when it came */
  ready: boolean;
  /** something came before it was */
  missed: boolean;
  /** what is kept for it is being read */
  reading: boolean;
  /** there were bytes it had not taken the last time */
  stalled: boolean;
}

/** Milliseconds between two lines without a message (ntfy's app gives up after 77 s), and two looks into the mailboxes. */
const keepaliveMs = 45_000;
const lookMs = 30_000;
/** Bytes a phone may leave unread; of what was kept it gets more when it has taken a part of that. */
const maxQueued = 262_144;
const enoughQueued = maxQueued / 4;

/** The phones that are connected here, each with the subscriptions it reads. */
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

  /** A phone connects. @returns to be called when it has gone */
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

  /** Sends what is kept to a phone that does not stay. Resolves when it has it, or is gone. */
  async poll(stream: Stream, names: readonly string[], position: Position): Promise<void> {
    const boxes = mailboxesOf(names);
    for await (const message of this.#mailboxes.readAll(boxes.mailboxes, position)) {
      if (stream.queued > enoughQueued) await stream.drained();
      if (stream.gone) return;
      stream.send(messageLine(boxes.names.get(hexOf(message.mailbox)) ?? '', message));
    }
  }

  /** A message has come for a mailbox: phones that read it get it. */
  deliver(message: MailboxMessage): void {
    for (const phone of this.#byMailbox.get(hexOf(message.mailbox)) ?? []) {
      // Out of turn it would tell the phone that it has those before.
      if (phone.ready) this.#send(phone, message);
      else phone.missed = true;
    }
  }

  /** Cuts all, who connect elsewhere. */
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
      // The next look finds it.
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

  /** As fast as the phone takes it: one that takes nothing is cut off by `keepAlive`. */
  async #sendKept(phone: Phone): Promise<void> {
    const { mailboxes, position, stream } = phone;
    for await (const message of this.#mailboxes.readAll(mailboxes, position)) {
      if (stream.queued > enoughQueued) {
        // Nothing that comes meanwhile may go before what is kept.
        phone.ready = false;
        await stream.drained();
      }
      if (!this.#phones.has(phone)) return;
      this.#send(phone, message);
    }
  }

  /** Finds what was kept and not announced: NATS may have been away. Waits for no phone. */
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

  /** Writes a line without a message to each, and cuts off those that are not there any more. */
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
