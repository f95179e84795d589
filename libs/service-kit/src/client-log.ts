import type { Logger } from './logger.js';
import { sourceNetwork } from './source-network.js';

const intervalMs = 60_000;
/** Lines in an interval at most, from all addresses together. */
const maxLines = 1_000;

export interface ClientLogOptions {
  log: Logger;
  /** counts the lines that are left out */
  leftOut: { inc(): void };
  /** milliseconds of a monotonic clock */
  now?: () => number;
}

/**
 * Logs what clients do wrong, which they may do as often as they like: one line a minute for each message and address (of
 * IPv6: /64), and 1,000 a minute altogether. The rest is counted.
 */
export class ClientLog {
  readonly #options: Required<ClientLogOptions>;
  readonly #written = new Set<string>();
  #since: number;

  constructor({ now = () => performance.now(), ...options }: ClientLogOptions) {
    this.#options = { now, ...options };
    this.#since = now();
  }

  /**
   * @param address the client's IP address, or another name for whoever caused it
   * @param message what lines are told apart by; what varies belongs into `fields`
   */
  info(address: string, fields: object, message: string): void {
    this.#write('info', address, fields, message);
  }

  /** As `info`. */
  warn(address: string, fields: object, message: string): void {
    this.#write('warn', address, fields, message);
  }

  #write(level: 'info' | 'warn', address: string, fields: object, message: string): void {
    const { log, leftOut, now } = this.#options;
    if (!log.isLevelEnabled(level)) return;
    if (now() - this.#since >= intervalMs) {
      this.#written.clear();
      this.#since = now();
    }
    const key = `${sourceNetwork(address) || address} ${message}`;
    if (this.#written.has(key) || this.#written.size >= maxLines) {
      leftOut.inc();
      return;
    }
    this.#written.add(key);
    log[level](fields, message);
  }
}
