import { type Bus, topics } from '@teamtalk/bus';
import type { MsgServerMetrics } from '../metrics.js';

/** Least time between two rounds, milliseconds. */
const flushIntervalMs = 100;
/** Notices of one round: each is written to every connection there is. */
const maxPerFlush = 50;
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

  /** @param key what has changed: a notice that waits under the same name is replaced */
  notify(key: string, pdu: Buffer): void {
    if (!this.#waiting.has(key) && this.#waiting.size >= maxWaiting) {
      this.#metrics.notificationsDropped.inc();
      return;
    }
    this.#waiting.set(key, pdu);
    this.#timer ??= setTimeout(() => this.#flush(), flushIntervalMs);
  }

  /** Tells as much as one round may have; the rest is not told any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#publishBatch();
    this.#waiting.clear();
  }

  #flush(): void {
    this.#publishBatch();
    this.#timer = this.#waiting.size > 0 ? setTimeout(() => this.#flush(), flushIntervalMs) : undefined;
  }

  #publishBatch(): void {
    const pdus: Buffer[] = [];
    let bytes = 0;
    for (const [key, pdu] of this.#waiting) {
      const full = pdus.length === maxPerFlush || bytes + pdu.length > maxEventBytes;
      if (full && pdus.length > 0) break;
      this.#waiting.delete(key);
      pdus.push(pdu);
      bytes += pdu.length;
    }
    if (pdus.length > 0) this.#bus.publish(topics.everyNode, { broadcast: { pdus } });
  }
}
