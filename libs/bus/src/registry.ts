import { formatInstance, type Logger } from '@teamtalk/service-kit';
import type { teamtalk } from '../gen/bus.js';
import type { Bus } from './bus.js';
import { topics } from './subjects.js';

/** What an instance says of itself once a second. */
export type Heartbeat = teamtalk.bus.Heartbeat;

/** What only the announcing service knows; asked for at each heartbeat. */
export type HeartbeatDetails = Omit<
  Partial<Heartbeat>,
  'instance' | 'service' | 'hostname' | 'opsAddress' | 'stopping'
>;

/** Who announces himself. */
export interface Announced {
  instance: number;
  service: string;
  hostname: string;
  /** where it listens for health and metrics; left out: nowhere */
  ops?: { host: string; port: number };
}

const heartbeatMs = 1_000;
/** An instance that has not been heard of for this long, milliseconds, is evicted. */
const expireMs = 3_500;

/**
 * Says once a second that this instance lives, and once more when it stops.
 */
export class HeartbeatPublisher {
  readonly #bus: Bus;
  readonly #self: Announced;
  readonly #details: () => HeartbeatDetails;
  readonly #timer: NodeJS.Timeout;
  #stopped = false;

  constructor(bus: Bus, self: Announced, details: () => HeartbeatDetails = () => ({})) {
    this.#bus = bus;
    this.#self = self;
    this.#details = details;
    this.#timer = setInterval(() => this.announce(), heartbeatMs);
    bus.onReconnect(() => this.announce());
    bus.subscribe(topics.discovery, ({ service }) => {
      if (service === self.service && !this.#stopped) this.announce();
    });
    this.announce();
  }

  /** Announces now, besides the regular times: something that others act on has changed. */
  announce(): void {
    this.#publish({ stopping: false });
  }

  /** Tells the others at once that this instance is gone, and is silent from then on. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#publish({ stopping: true });
    await this.#bus.flush();
  }

  #publish({ stopping }: { stopping: boolean }): void {
    const { ops, ...self } = this.#self;
    const opsAddress = ops ? reachable(ops, this.#bus.ownAddress ?? self.hostname) : '';
    this.#bus.publish(topics.heartbeat, { ...this.#details(), ...self, opsAddress, stopping });
  }
}

/** The address at which others reach a listener; one on all addresses is reached at the process's own. */
function reachable({ host, port }: { host: string; port: number }, own: string): string {
  const address = host === '0.0.0.0' || host === '::' ? own : host;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

export interface RegistryEvents {
  /** a new instance, or a known one with changed details */
  onChange?: (instance: Heartbeat, previous: Heartbeat | undefined) => void;
  /** `saidSo`: it stopped in order; otherwise it was silent too long or nobody listened for it */
  onGone?: (instance: Heartbeat, saidSo: boolean) => void;
}

/**
 * The instances of one service that are alive, as they announce themselves. While NATS is away or silent nobody is
 * evicted: silence then says nothing about them.
 */
export class Registry {
  readonly #bus: Bus;
  readonly #log: Logger;
  readonly #events: RegistryEvents;
  readonly #alive = new Map<number, { heartbeat: Heartbeat; heard: number }>();
  readonly #timer: NodeJS.Timeout;
  readonly #waiting = new Set<() => void>();
  #checked = performance.now();

  constructor(bus: Bus, log: Logger, service: string, events: RegistryEvents = {}) {
    this.#bus = bus;
    this.#log = log;
    this.#events = events;
    bus.subscribe(topics.heartbeat, (heartbeat) => {
      if (heartbeat.service === service) this.#heard(heartbeat);
    });
    bus.onReconnect(() => this.#grantTime());
    this.#timer = setInterval(() => this.#expire(), heartbeatMs / 2);
    bus.publish(topics.discovery, { service });
  }

  /** Everybody alive, drained ones too, oldest acquaintance first. */
  all(): Heartbeat[] {
    return [...this.#alive.values()].map(({ heartbeat }) => heartbeat);
  }

  get(instance: number): Heartbeat | undefined {
    return this.#alive.get(instance)?.heartbeat;
  }

  /** Takes an instance for dead before its time: nobody listens on its subject any more. */
  forget(instance: number): void {
    const entry = this.#alive.get(instance);
    if (entry) this.#remove(entry.heartbeat, false);
  }

  /** Resolves as soon as `count` instances are alive; false after `timeoutMs` milliseconds. */
  async waitFor(count: number, timeoutMs: number): Promise<boolean> {
    if (this.#alive.size >= count) return true;
    return new Promise((resolve) => {
      const done = (found: boolean) => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve(found);
      };
      const check = () => {
        if (this.#alive.size >= count) done(true);
      };
      const timer = setTimeout(() => done(false), timeoutMs);
      this.#waiting.add(check);
    });
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#alive.clear();
  }

  #heard(heartbeat: Heartbeat): void {
    if (heartbeat.stopping) {
      if (this.#alive.has(heartbeat.instance)) this.#remove(heartbeat, true);
      return;
    }
    const known = this.#alive.get(heartbeat.instance);
    const previous = known?.heartbeat;
    if (known) {
      known.heartbeat = heartbeat;
      known.heard = performance.now();
    } else {
      this.#alive.set(heartbeat.instance, { heartbeat, heard: performance.now() });
      this.#log.info({ peer: formatInstance(heartbeat.instance) }, `found a ${heartbeat.service}`);
    }
    this.#events.onChange?.(heartbeat, previous);
    for (const check of this.#waiting) check();
  }

  #grantTime(): void {
    for (const entry of this.#alive.values()) entry.heard = performance.now();
  }

  #expire(): void {
    const now = performance.now();
    const late = now - this.#checked;
    this.#checked = now;
    // We were asleep ourselves (a stopped process, a starved machine), or NATS is: nobody could be heard meanwhile.
    if (late > heartbeatMs * 2 || !this.#bus.responsive) {
      this.#grantTime();
      return;
    }
    const oldest = now - expireMs;
    for (const { heartbeat, heard } of this.#alive.values()) {
      if (heard < oldest) this.#remove(heartbeat, false);
    }
  }

  #remove(heartbeat: Heartbeat, saidSo: boolean): void {
    this.#alive.delete(heartbeat.instance);
    this.#log.info({ peer: formatInstance(heartbeat.instance), saidSo }, `a ${heartbeat.service} is gone`);
    this.#events.onGone?.(heartbeat, saidSo);
  }
}
