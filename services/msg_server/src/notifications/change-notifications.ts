import { type Bus, topics } from '@teamtalk/bus';
import type { MsgServerMetrics } from '../metrics.js';

/** Milliseconds between two flushes. */
const flushIntervalMs = 100;
/** Notifications per flush; each is written to every connection of the cluster. */
const maxPerFlush = 50;
/**
 * Notifications waiting at most; further ones are dropped, and clients learn of the change when they next synchronise.
 */
const maxWaiting = 20_000;
/** Bytes per event at most. */
const maxEventBytes = 512 * 1024;

/**
 * Notifies every connection on every msg_server of changes of users (0x0212, 0x0215). The cost grows with the number
 * of clients, so notifications are rate-limited, and of several changes of the same thing only the last one is sent.
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

  /** @param key identifies what has changed; a waiting notification with the same key is replaced */
  notify(key: string, pdu: Buffer): void {
    if (!this.#waiting.has(key) && this.#waiting.size >= maxWaiting) {
      this.#metrics.notificationsDropped.inc();
      return;
    }
    this.#waiting.set(key, pdu);
    this.#timer ??= setTimeout(() => this.#flush(), flushIntervalMs);
  }

  /** Publishes one last batch; the rest is dropped. */
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
