import { type CertificateFiles, OpenConnections, sweepIntervalMs } from '@teamtalk/net';
import type { Pdu } from '@teamtalk/protocol';
import { type ClientLog, every, type Kit } from '@teamtalk/service-kit';
import type { MsgServerConfig } from '../config.js';
import type { CloseReason, MsgServerMetrics } from '../metrics.js';
import { ClientPorts } from './client-ports.js';
import { Connection, type ConnectionHost, State } from './connection.js';
import { OutboundQueue } from './outbound-queue.js';
import type { Transport } from './transport.js';

/** Milliseconds a client has to close its side after the server closed its own. */
const lingerMs = 2_000;
/** Milliseconds a login may be queued and in flight; clients give up well before. */
const loginQueueMs = 90_000;
/** Milliseconds that clients have to close when the server stops, before they are destroyed. */
const drainTimeoutMs = 12_000;

export interface ClientListenerOptions {
  config: MsgServerConfig;
  /** undefined: no port speaks TLS */
  certificate: CertificateFiles | undefined;
  metrics: MsgServerMetrics;
  kit: Pick<Kit, 'log' | 'clientLog'>;
  handle: (connection: Connection, pdu: Pdu) => boolean;
  leaving: (connection: Connection) => void;
}

/** Accepts clients and closes idle connections. */
export class ClientListener implements ConnectionHost {
  readonly limits: MsgServerConfig['limits'];
  readonly outbound: OutboundQueue;
  readonly metrics: MsgServerMetrics;
  readonly clientLog: ClientLog;
  readonly handle: (connection: Connection, pdu: Pdu) => boolean;
  tick = 0;

  readonly #leaving: (connection: Connection) => void;
  readonly #connections = new OpenConnections<Connection>();
  readonly #ports: ClientPorts;
  readonly #stopSweeping: () => Promise<void>;
  /** Sweeps a connection may stay silent, by its state. */
  readonly #allowed: { login: number; queue: number; pc: number; mobile: number; linger: number };
  #lastId = 0;

  constructor({ config, certificate, metrics, kit, handle, leaving }: ClientListenerOptions) {
    this.limits = config.limits;
    this.metrics = metrics;
    this.clientLog = kit.clientLog;
    this.handle = handle;
    this.#leaving = leaving;
    this.outbound = new OutboundQueue(config.flush.clientMs);
    const { loginMs, idlePcMs, idleMobileMs } = config.timeouts;
    const sweepMs = sweepIntervalMs(loginMs, idlePcMs, idleMobileMs);
    const sweeps = (ms: number) => Math.ceil(ms / sweepMs);
    this.#allowed = {
      login: sweeps(loginMs),
      queue: sweeps(loginQueueMs),
      pc: sweeps(idlePcMs),
      mobile: sweeps(idleMobileMs),
      linger: sweeps(lingerMs),
    };
    this.#stopSweeping = every(sweepMs, () => this.#sweep());
    this.#ports = new ClientPorts({
      config,
      certificate,
      metrics,
      kit,
      admit: (transport, address) => this.#admit(transport, address),
    });
  }

  /** Open connections, logged in or not. */
  get size(): number {
    return this.#connections.size;
  }

  /** @returns the ports, by name */
  listen(): Promise<Record<string, number>> {
    return this.#ports.listen();
  }

  leaving(connection: Connection, reason: CloseReason): void {
    this.metrics.closed.inc({ reason });
    this.#leaving(connection);
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection);
  }

  /**
   * Stops accepting and closes all connections, evenly over at most `spreadMs` milliseconds; each once the messages it
   * sent have their results. Those that do not close in time are destroyed.
   */
  async drain(spreadMs: number): Promise<void> {
    this.#ports.close();
    await this.#connections.drain({
      spreadMs,
      graceMs: drainTimeoutMs,
      end: (connection) => connection.drain(),
      destroy: (connection) => connection.destroy('draining'),
    });
    void this.#stopSweeping();
  }

  /** Destroys all connections at once, discarding unread input and unsent output. */
  destroyAll(reason: CloseReason): void {
    for (const connection of this.#connections) connection.destroy(reason);
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
