import { every, formatInstance, type Logger } from '@teamtalk/service-kit';
import type { teamtalk } from '../gen/bus.js';
import type { Bus } from './bus.js';
import { topics } from './subjects.js';

/** The heartbeat of an instance, once a second. */
export type Heartbeat = teamtalk.bus.Heartbeat;

/** Details only the service knows; called at each heartbeat. */
export type HeartbeatDetails = Omit<
  Partial<Heartbeat>,
  'instance' | 'service' | 'hostname' | 'opsAddress' | 'stopping' | 'version'
>;

/** The instance that sends heartbeats. */
export interface Announced {
  instance: number;
  service: string;
  hostname: string;
  /** of the program */
  version?: string;
  /** listener of health and metrics; undefined: none */
  ops?: { host: string; port: number };
}

const heartbeatMs = 1_000;
/** An instance without a heartbeat for this long is evicted, milliseconds. */
const expireMs = 3_500;

/**
 * Sends a heartbeat once a second and a last one, which deregisters the instance, when it stops.
 */
export class HeartbeatPublisher {
  readonly #bus: Bus;
  readonly #self: Announced;
  readonly #details: () => HeartbeatDetails;
  readonly #stopBeating: () => Promise<void>;
  #stopped = false;

  constructor(bus: Bus, self: Announced, details: () => HeartbeatDetails = () => ({})) {
    this.#bus = bus;
    this.#self = self;
    this.#details = details;
    this.#stopBeating = every(heartbeatMs, () => this.announce());
    bus.onReconnect(() => this.announce());
    bus.subscribe(topics.discovery, ({ service }) => {
      if (service === self.service && !this.#stopped) this.announce();
    });
    this.announce();
  }

  /** Sends a heartbeat now: something that others act on has changed. */
  announce(): void {
    this.#publish({ stopping: false });
  }

  /** Deregisters this instance; no heartbeat follows. */
  async stop(): Promise<void> {
    this.#stopped = true;
    void this.#stopBeating();
    this.#publish({ stopping: true });
    await this.#bus.flush();
  }

  #publish({ stopping }: { stopping: boolean }): void {
    const { ops, ...self } = this.#self;
    const opsAddress = ops ? reachable(ops, this.#bus.ownAddress ?? self.hostname) : '';
    const heartbeat = { ...this.#details(), ...self, opsAddress, stopping };
    this.#bus.publish(topics.heartbeat(self.service), heartbeat);
    if (!this.#bus.restricted) this.#bus.publish(topics.sharedHeartbeat, heartbeat);
  }
}

/** The address at which others reach a listener; for a wildcard host this is the process's own address. */
function reachable({ host, port }: { host: string; port: number }, own: string): string {
  const address = host === '0.0.0.0' || host === '::' ? own : host;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

export interface RegistryEvents {
  /** a new instance, or a known one with changed details */
  onChange?: (instance: Heartbeat, previous: Heartbeat | undefined) => void;
  /** `deregistered`: it said so itself; otherwise it was silent too long or had no subscriber */
  onGone?: (instance: Heartbeat, deregistered: boolean) => void;
}

/**
 * The live instances of one service, by their heartbeats. While NATS is down or silent nobody is evicted: silence
 * says nothing about them then.
 */
export class Registry {
  readonly #bus: Bus;
  readonly #log: Logger;
  readonly #events: RegistryEvents;
  readonly #alive = new Map<number, { heartbeat: Heartbeat; heard: number }>();
  readonly #stopExpiring: () => Promise<void>;
  readonly #waiting = new Set<() => void>();
  #checked = performance.now();

  constructor(bus: Bus, log: Logger, service: string, events: RegistryEvents = {}) {
    this.#bus = bus;
    this.#log = log;
    this.#events = events;
    const heard = (heartbeat: Heartbeat) => {
      if (heartbeat.service === service) this.#heard(heartbeat);
    };
    bus.subscribe(topics.heartbeat(service), heard);
    if (!bus.restricted) bus.subscribe(topics.sharedHeartbeat, heard);
    bus.onReconnect(() => this.#grantTime());
    this.#stopExpiring = every(bus.relaxed ? heartbeatMs : heartbeatMs / 2, () => this.#expire());
    bus.publish(topics.discovery, { service });
  }

  /** All live instances, draining ones included, in the order they were found. */
  all(): Heartbeat[] {
    return [...this.#alive.values()].map(({ heartbeat }) => heartbeat);
  }

  get(instance: number): Heartbeat | undefined {
    return this.#alive.get(instance)?.heartbeat;
  }

  /** Evicts an instance before its timeout: its subject has no subscriber any more. */
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
    void this.#stopExpiring();
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
      const { instance, service } = heartbeat;
      this.#log.info({ peer: formatInstance(instance), peerService: service }, 'instance found');
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
    // This process was suspended or starved, or NATS is silent: no heartbeat could arrive meanwhile.
    if (late > heartbeatMs * 2 || !this.#bus.responsive) {
      this.#grantTime();
      return;
    }
    const oldest = now - expireMs;
    for (const { heartbeat, heard } of this.#alive.values()) {
      if (heard < oldest) this.#remove(heartbeat, false);
    }
  }

  #remove(heartbeat: Heartbeat, deregistered: boolean): void {
    this.#alive.delete(heartbeat.instance);
    const { instance, service } = heartbeat;
    this.#log.info({ peer: formatInstance(instance), peerService: service, deregistered }, 'instance gone');
    this.#events.onGone?.(heartbeat, deregistered);
  }
}
