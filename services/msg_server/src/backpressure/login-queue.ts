import { plainAddress } from '@teamtalk/net';
import { sourceNetwork } from '@teamtalk/service-kit';
import type { RateLimit } from './token-bucket.js';

interface Advancing {
  readonly isOpen: boolean;
  readonly remoteAddress: string;
  advance(): void;
}

export interface LoginQueueOptions {
  /** logins in flight at most */
  maxInFlight: number;
  /** logins that may begin per second */
  rate: RateLimit;
  /** Called with the seconds each queued login waited. */
  onWaited?: (seconds: number) => void;
}

interface Wait {
  /** performance.now() */
  since: number;
  network: string;
}

/** Minimum milliseconds between admissions, so that a burst does not start a timer per login. */
const admitIntervalMs = 5;

/**
 * Limits how many logins begin per second and are in flight; the others wait. A wave of reconnecting clients thus
 * neither overloads the services behind nor delays the messages of connected clients, and no login is rejected. Networks
 * (an IPv4 address, a /64 of IPv6) take turns, and those of one network wait in order of arrival: thousands of logins
 * from one address delay those from elsewhere by one turn. Connections that close while waiting do not count against the rate. The queue is bounded by the
 * number of sockets.
 */
export class LoginQueue<C extends Advancing> {
  readonly #maxInFlight: number;
  readonly #rate: RateLimit;
  readonly #onWaited: (seconds: number) => void;
  readonly #waiting = new Map<C, Wait>();
  /** Waiting connections in order of arrival, by network; the network whose turn it is comes first. */
  readonly #networks = new Map<string, Set<C>>();
  #inFlight = 0;
  /** bucket state; see RateLimit */
  #fullAt = 0;
  #turn: C | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor({ maxInFlight, rate, onWaited = () => {} }: LoginQueueOptions) {
    this.#maxInFlight = maxInFlight;
    this.#rate = rate;
    this.#onWaited = onWaited;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Number of waiting connections. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether it is this connection's turn after waiting. */
  isTurnOf(connection: C): boolean {
    return this.#turn === connection;
  }

  /** @returns true when the login may begin now; otherwise the connection's `advance` is called at its turn */
  begin(connection: C): boolean {
    const now = performance.now();
    // Newcomers do not overtake waiting connections.
    if (this.#turn !== connection && (this.#waiting.size > 0 || this.#waitMs(now) > 0)) {
      this.#enqueue(connection, now);
      this.#scheduleAdmit(now);
      return false;
    }
    this.#inFlight++;
    if (!this.#rate.unlimited) this.#fullAt = this.#rate.take(this.#fullAt, now);
    return true;
  }

  /** To be called once for each login that began. */
  end(): void {
    this.#inFlight--;
    this.#admit();
  }

  /** Removes a connection that is being closed. */
  remove(connection: C): void {
    if (this.#dequeue(connection) && this.#waiting.size === 0) this.#cancelTimer();
  }

  /** Milliseconds until the next login may begin; infinite when one has to end first. */
  #waitMs(now: number): number {
    if (this.#inFlight >= this.#maxInFlight) return Number.POSITIVE_INFINITY;
    return this.#rate.unlimited ? 0 : this.#rate.waitFor(this.#fullAt, now);
  }

  readonly #admit = (): void => {
    this.#cancelTimer();
    const now = performance.now();
    for (const [network, connections] of this.#networks) {
      if (this.#waitMs(now) > 0) break;
      const [next] = connections;
      const wait = next && this.#dequeue(next);
      if (!wait) break;
      // To the end; this loop comes to it again.
      if (this.#networks.delete(network)) this.#networks.set(network, connections);
      if (!next.isOpen) continue;
      this.#onWaited((now - wait.since) / 1000);
      this.#turn = next;
      next.advance();
      this.#turn = undefined;
    }
    this.#scheduleAdmit(now);
  };

  #enqueue(connection: C, since: number): void {
    const network = sourceNetwork(plainAddress(connection.remoteAddress));
    this.#waiting.set(connection, { since, network });
    const others = this.#networks.get(network);
    if (others) others.add(connection);
    else this.#networks.set(network, new Set([connection]));
  }

  #dequeue(connection: C): Wait | undefined {
    const wait = this.#waiting.get(connection);
    if (!wait) return undefined;
    this.#waiting.delete(connection);
    const others = this.#networks.get(wait.network);
    others?.delete(connection);
    if (others?.size === 0) this.#networks.delete(wait.network);
    return wait;
  }

  #scheduleAdmit(now: number): void {
    if (this.#timer || this.#waiting.size === 0) return;
    const waitMs = this.#waitMs(now);
    if (Number.isFinite(waitMs)) this.#timer = setTimeout(this.#admit, Math.max(waitMs, admitIntervalMs));
  }

  #cancelTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
