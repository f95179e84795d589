import {
  AuthorizationError,
  connect,
  type NatsConnection,
  type NatsConnectionImpl,
  PermissionViolationError,
  type Server,
} from '@nats-io/transport-node';
import {
  type BusConfig,
  every,
  type Logger,
  type Metrics,
  TeamTalkError,
  withoutSecrets,
} from '@teamtalk/service-kit';
import { identity } from './identity.js';
import { kindOf } from './permissions.js';

export interface ConnectionOptions extends BusConfig {
  /** shown in the NATS server's list of connections */
  name: string;
  log: Logger;
  metrics: Metrics;
  /** The process is outside the message path: it probes NATS less often, and leaves a silent server a second later. */
  relaxed?: boolean;
}

/** Time within which every process reconnects after an outage of NATS, milliseconds. */
const stableMs = 5_000;
/**
 * Milliseconds between round-trip probes of NATS, and how many consecutive probes may stay unanswered before another NATS
 * server is tried. Probes are counted, not timed: a process that was itself suspended finds the replies it missed in its
 * socket.
 */
const probing = { strict: { everyMs: 500, unanswered: 3 }, relaxed: { everyMs: 1_000, unanswered: 2 } };
/** NATS counts as silent when its last reply is this old, milliseconds; well below the eviction time. */
const silentMs = 1_500;
/** Kinds of refusals of which each is logged once. */
const maxLogged = 100;
/** Milliseconds between two dials of the same NATS server, and how much is added at random. */
const redialMs = { least: 250, jitter: 100 };
/** Connect timeout of a NATS server, milliseconds: when it is the only one, and when it is one of several. */
const dialMs = { single: 10_000, several: 3_000 };

/** What NATS refused for lack of permission; the subject has its prefix. */
export type Refused = Pick<PermissionViolationError, 'operation' | 'subject'>;

/** A connection to NATS that reconnects for ever, and leaves a server that does not answer for another one. */
export class BusConnection {
  readonly nats: NatsConnection;
  readonly #probing: typeof probing.strict;
  readonly #log: Logger;
  readonly #reconnected: (() => void)[] = [];
  readonly #onRefused: ((refused: Refused, error: Error) => void)[] = [];
  readonly #refusals;
  /** kinds of refusals that are in the log */
  readonly #logged = new Set<string>();
  #deaf = false;
  #locked = false;
  readonly #roundTrip;
  readonly #stopMeasuring: () => Promise<void>;
  #connected = true;
  /** performance.now() of the last reconnect; -Infinity after the first connect */
  #connectedAt = Number.NEGATIVE_INFINITY;
  /** performance.now() of the last reply of NATS */
  #heardAt = performance.now();
  #asking = false;
  #unansweredProbes = 0;

  /** @throws TeamTalkError `unavailable` when no NATS server answers within 10 s */
  static async open(options: ConnectionOptions): Promise<BusConnection> {
    const servers = options.url.split(',');
    let protocol: ReturnType<typeof protocolOf> | undefined;
    try {
      const nats = await connect({
        servers,
        ...identity(options),
        name: options.name,
        maxReconnectAttempts: -1,
        reconnectDelayHandler: () => {
          if (protocol) forgetFutureDials(protocol.servers.getServers());
          return redialMs.least + Math.random() * redialMs.jitter;
        },
        reconnectToServer: nextServer,
        pingInterval: 5_000,
        maxPingOut: 2,
        timeout: servers.length > 1 ? dialMs.several : dialMs.single,
        // Users and passwords change while services run, at one server after the other.
        ignoreAuthErrorAbort: true,
        // Without this option nats.js captures two stack traces for each request.
        noAsyncTraces: true,
      });
      protocol = protocolOf(nats);
      return new BusConnection(nats, options);
    } catch (error) {
      const where = withoutSecrets(options.url);
      throw new TeamTalkError('unavailable', `no NATS server answers at ${where}`, { cause: error });
    }
  }

  private constructor(nats: NatsConnection, { log, metrics, relaxed = false }: ConnectionOptions) {
    this.nats = nats;
    this.#probing = relaxed ? probing.relaxed : probing.strict;
    this.#log = log;
    metrics.gauge('bus_connected', '1 while connected to NATS', () => (this.#connected ? 1 : 0));
    this.#refusals = metrics.counter(
      'bus_refused_total',
      'Events and subscriptions that NATS refused because this user lacks the permission',
      ['operation'],
    );
    this.#roundTrip = metrics.histogram(
      'bus_round_trip_seconds',
      'Round-trip time to NATS, measured by probes',
    );
    // Without its promise: the next turn has to count a probe that is still unanswered.
    this.#stopMeasuring = every(this.#probing.everyMs, () => void this.#measure());
    void this.#watch();
  }

  get connected(): boolean {
    return this.#connected;
  }

  /**
   * Whether NATS is connected and answers probes. A network path that drops all packets breaks no connection for ten
   * seconds and more; meanwhile requests only pile up.
   */
  get responsive(): boolean {
    return this.#connected && performance.now() - this.#heardAt < silentMs;
  }

  /**
   * Whether the connection has been up so long that other processes that lost theirs at the same time have
   * reconnected too.
   */
  get stable(): boolean {
    return this.#connected && performance.now() - this.#connectedAt >= stableMs;
  }

  /** Whether a subscription was refused. It stays refused until the process starts anew. */
  get deaf(): boolean {
    return this.#deaf;
  }

  /** Calls `listener` when NATS refuses what this process publishes or subscribes to. */
  onRefused(listener: (refused: Refused, error: Error) => void): void {
    this.#onRefused.push(listener);
  }

  onReconnect(listener: () => void): void {
    this.#reconnected.push(listener);
  }

  async drain(): Promise<void> {
    void this.#stopMeasuring();
    if (this.nats.isClosed()) return;
    // It fails where the connection breaks meanwhile, and leaves that open to reconnect.
    if (this.#connected) await this.nats.drain().catch(() => {});
    await this.nats.close();
  }

  /** Measures how far NATS and this process lag: a probe comes back after everything published before it. */
  async #measure(): Promise<void> {
    if (!this.#connected) return;
    if (this.#asking) {
      this.#leaveIfSilent();
      return;
    }
    this.#asking = true;
    this.#unansweredProbes = 0;
    try {
      // nats.js's own round-trip time has whole milliseconds only.
      const asked = performance.now();
      await this.nats.rtt();
      this.#heardAt = performance.now();
      this.#roundTrip.observe((this.#heardAt - asked) / 1000);
    } catch {
      // The connection broke meanwhile; #watch logs it.
    } finally {
      this.#asking = false;
    }
  }

  #leaveIfSilent(): void {
    this.#unansweredProbes++;
    if (this.#unansweredProbes < this.#probing.unanswered || this.nats.getServers().length < 2) return;
    this.#unansweredProbes = 0;
    this.#log.warn('NATS server silent; connecting to another one');
    breakConnection(this.nats);
  }

  async #watch(): Promise<void> {
    for await (const status of this.nats.status()) {
      const { type } = status;
      if (type === 'error') {
        if (status.error instanceof PermissionViolationError) this.#refuse(status.error);
        else if (status.error instanceof AuthorizationError) this.#noteLocked(status.error);
      } else if (type === 'disconnect') {
        this.#connected = false;
        this.#log.warn('NATS connection lost');
      } else if (type === 'reconnect') {
        this.#connected = true;
        this.#locked = false;
        this.#connectedAt = performance.now();
        this.#heardAt = this.#connectedAt;
        this.#log.info('NATS connection restored');
        for (const listener of this.#reconnected) listener();
      }
    }
    this.#connected = false;
  }

  #refuse(error: PermissionViolationError): void {
    const { operation, subject } = error;
    if (operation === 'subscription') this.#deaf = true;
    this.#refusals.inc({ operation });
    // An inbox ends in tokens of its own.
    const kind = `${operation} ${subject.startsWith('_INBOX.') ? subject.split('.').slice(0, -2).join('.') : kindOf(subject)}`;
    if (!this.#logged.has(kind) && this.#logged.size < maxLogged) {
      this.#logged.add(kind);
      this.#log.error({ operation, subject }, 'NATS permission missing; the event or subscription is lost');
    }
    for (const listener of this.#onRefused) listener(error, error);
  }

  #noteLocked(error: Error): void {
    if (this.#locked) return;
    this.#locked = true;
    this.#log.error({ err: error }, 'NATS login refused; trying again');
  }
}

/**
 * The server to dial: the one nats.js would take (the first), unless it was dialled last. That is the one just lost:
 * a frozen server accepts the connection and then says nothing.
 */
function nextServer(pool: readonly Server[]): Server | null {
  const last = pool.reduce((a, b) => (b.lastConnect > a.lastConnect ? b : a));
  // From the end, because nats.js takes the others from the front if this one refuses.
  return pool[0] === last ? pool.at(-1)! : null;
}

/** nats.js waits until the wall clock has passed the last dial: after it was set back by an hour, for an hour. */
function forgetFutureDials(servers: readonly { lastConnect: number }[]): void {
  const now = Date.now();
  for (const server of servers) if (server.lastConnect > now) server.lastConnect = 0;
}

/**
 * Breaks the connection at once. The public `reconnect()` first waits until all is written, which a frozen server
 * prevents; this is what it does next.
 */
function breakConnection(nats: NatsConnection): void {
  void protocolOf(nats).transport.close();
}

function protocolOf(nats: NatsConnection) {
  return (nats as NatsConnectionImpl).protocol;
}
