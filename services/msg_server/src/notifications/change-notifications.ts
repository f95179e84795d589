import { type Bus, topics } from '@teamtalk/bus';
import type { MsgServerMetrics } from '../metrics.js';

/** Least time between two rounds, milliseconds. */
const roundMs = 100;
/** Notices of one round: each is written to every connection there is. */
const perRound = 50;
/** Notices that wait at most; what is beyond is dropped, and clients learn of it when they synchronise. */
const maxWaiting = 20_000;
/** Bytes of one event. */
const maxEventBytes = 512 * 1024;

/**
 * Tells every connection on every msg_server that something about a user has changed (0x0212, 0x0215). The
 * cost grows with the number of clients, so that a server tells at most 500 changes a second, and of several
 * changes of the same only the last.
 */
export class ChangeNotifications {
  readonly #bus: Bus;
  readonly #metrics: MsgServerMetrics;
  readonly #waiting = new Map<string, Buffer>();
  #timer: NodeJS.Timeout | undefined;

  constructor(bus: Bus, metrics: MsgServerMetrics) {
    this.#bus = bus;
    this.#metrics = metrics;
  }

  /** @param about what has changed: a notice that waits under the same name is replaced */
  tell(about: string, pdu: Buffer): void {
    if (!this.#waiting.has(about) && this.#waiting.size >= maxWaiting) {
      this.#metrics.noticesDropped.inc();
      return;
    }
    this.#waiting.set(about, pdu);
    this.#timer ??= setTimeout(() => this.#round(), roundMs);
  }

  /** Tells as much as one round may have; the rest is not told any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#publishSome();
    this.#waiting.clear();
  }

  #round(): void {
    this.#publishSome();
    this.#timer = this.#waiting.size > 0 ? setTimeout(() => this.#round(), roundMs) : undefined;
  }

  #publishSome(): void {
    const pdus: Buffer[] = [];
    let bytes = 0;
    for (const [about, pdu] of this.#waiting) {
      const full = pdus.length === perRound || bytes + pdu.length > maxEventBytes;
      if (full && pdus.length > 0) break;
      this.#waiting.delete(about);
      pdus.push(pdu);
      bytes += pdu.length;
    }
    if (pdus.length > 0) this.#bus.publish(topics.everyNode, { broadcast: { pdus } });
  }
}
