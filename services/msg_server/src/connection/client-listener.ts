import { setTimeout as delay } from 'node:timers/promises';
import type { CertificateFiles } from '@teamtalk/net';
import type { Pdu } from '@teamtalk/protocol';
import type { Logger } from '@teamtalk/service-kit';
import type { MsgServerConfig } from '../config.js';
import type { CloseReason, MsgServerMetrics } from '../metrics.js';
import { Connection, type ConnectionHost, State } from './connection.js';
import { ListenerLayers } from './listener-layers.js';
import { OutboundQueue } from './outbound-queue.js';
import type { Transport } from './transport.js';

/** Milliseconds a client has to close its side after the server closed its own. */
const lingerMs = 2_000;
/** Milliseconds a login may be queued and in flight; clients give up well before. */
const loginQueueMs = 90_000;
/** Milliseconds that clients have to close when the server stops, before they are destroyed. */
const drainTimeoutMs = 12_000;
const drainIntervalMs = 50;
/** Milliseconds between two closes at most: with few clients the drain is shorter than configured. */
const drainSpacingMs = 10;

export interface ClientListenerOptions {
  config: MsgServerConfig;
  /** undefined: no port speaks TLS */
  certificate: CertificateFiles | undefined;
  metrics: MsgServerMetrics;
  log: Logger;
  handle: (connection: Connection, pdu: Pdu) => boolean;
  leaving: (connection: Connection) => void;
}

/** Accepts clients and closes idle connections. */
export class ClientListener implements ConnectionHost {
  readonly limits: MsgServerConfig['limits'];
  readonly outbound: OutboundQueue;
  readonly metrics: MsgServerMetrics;
  readonly log: Logger;
  readonly handle: (connection: Connection, pdu: Pdu) => boolean;
  tick = 0;

  readonly #leaving: (connection: Connection) => void;
  readonly #connections = new Set<Connection>();
  readonly #layers: ListenerLayers;
  readonly #sweeper: NodeJS.Timeout;
  /** Sweeps a connection may stay silent, by its state. */
  readonly #allowed: { login: number; queue: number; pc: number; mobile: number; linger: number };
  #lastId = 0;
  #emptied: (() => void) | undefined;

  constructor({ config, certificate, metrics, log, handle, leaving }: ClientListenerOptions) {
    this.limits = config.limits;
    this.metrics = metrics;
    this.log = log;
    this.handle = handle;
    this.#leaving = leaving;
    this.outbound = new OutboundQueue(config.flush.clientMs);
    const { loginMs, idlePcMs, idleMobileMs } = config.timeouts;
    const sweepIntervalMs = Math.max(
      10,
      Math.min(1_000, Math.floor(Math.min(loginMs, idlePcMs, idleMobileMs) / 8)),
    );
    const sweeps = (ms: number) => Math.ceil(ms / sweepIntervalMs);
    this.#allowed = {
      login: sweeps(loginMs),
      queue: sweeps(loginQueueMs),
      pc: sweeps(idlePcMs),
      mobile: sweeps(idleMobileMs),
      linger: sweeps(lingerMs),
    };
    this.#sweeper = setInterval(() => this.#sweep(), sweepIntervalMs);
    this.#layers = new ListenerLayers({
      config,
      certificate,
      metrics,
      log,
      admit: (transport, address) => this.#admit(transport, address),
    });
  }

  /** Open connections, logged in or not. */
  get size(): number {
    return this.#connections.size;
  }

  /** @returns the ports, by name */
  listen(): Promise<Record<string, number>> {
    return this.#layers.listen();
  }

  leaving(connection: Connection, reason: CloseReason): void {
    this.metrics.closed.inc({ reason });
    this.#leaving(connection);
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#emptied?.();
  }

  /**
   * Stops accepting and closes all connections, evenly over at most `spreadMs` milliseconds; each once the messages it
   * sent have their results. Those that do not close in time are destroyed.
   */
  async drain(spreadMs: number): Promise<void> {
    this.#layers.close();
    const connections = [...this.#connections];
    const ms = Math.min(spreadMs, connections.length * drainSpacingMs);
    const rounds = Math.max(1, Math.ceil(ms / drainIntervalMs));
    const share = Math.ceil(connections.length / rounds);
    for (let i = 0; i < connections.length; i += share) {
      for (const connection of connections.slice(i, i + share)) connection.drain();
      if (i + share < connections.length) await delay(drainIntervalMs);
    }
    await this.#untilEmpty(drainTimeoutMs);
    for (const connection of this.#connections) connection.destroy('draining');
    await this.#untilEmpty(1_000);
    clearInterval(this.#sweeper);
  }

  /** Destroys all connections at once, discarding unread input and unsent output. */
  destroyAll(reason: CloseReason): void {
    for (const connection of this.#connections) connection.destroy(reason);
  }

  async #untilEmpty(ms: number): Promise<void> {
    if (this.#connections.size === 0) return;
    const cancel = new AbortController();
    await Promise.race([
      new Promise<void>((resolve) => {
        this.#emptied = resolve;
      }),
      delay(ms, undefined, { signal: cancel.signal }).catch(() => {}),
    ]);
    cancel.abort();
    this.#emptied = undefined;
  }

  #admit(transport: Transport, address: string | undefined): Connection {
    this.#lastId = (this.#lastId + 1) >>> 0 || 1;
    const connection = new Connection(this.#lastId, transport, address, this);
    this.#connections.add(connection);
    return connection;
  }

  /** One pass over all connections instead of a timer for each. */
  #sweep(): void {
    this.tick++;
    this.#layers.sweep(this.#allowed.login);
    for (const connection of this.#connections) {
      const silentSweeps = this.tick - connection.lastActiveTick;
      switch (connection.state) {
        case State.Fresh:
          if (silentSweeps > this.#allowed.login) connection.end('login-timeout');
          break;
        case State.LoggingIn:
          if (silentSweeps > this.#allowed.queue) connection.end('login-timeout');
          break;
        case State.LoggedIn:
          if (silentSweeps > (connection.isMobile ? this.#allowed.mobile : this.#allowed.pc))
            connection.end('idle');
          break;
        case State.Ending:
          if (silentSweeps > this.#allowed.linger) connection.destroy('by-client');
          break;
      }
    }
  }
}
