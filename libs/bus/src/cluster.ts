import { hostname } from 'node:os';
import { type BusConfig, formatInstance, type Kit, version } from '@teamtalk/service-kit';
import { Bus } from './bus.js';
import { type HeartbeatDetails, HeartbeatPublisher, Registry, type RegistryEvents } from './registry.js';

/**
 * Connects a service to NATS, waiting until it is available, and adds its readiness check. When the service stops, the
 * connection is drained.
 * @param options `relaxed`: the service is outside the message path, so it may notice half a second later that an instance
 * is gone, and a second later that a NATS server is silent
 * @throws TeamTalkError `unavailable` when NATS does not answer within the start timeout
 */
export async function joinCluster(
  kit: Kit,
  nats: BusConfig,
  { relaxed = false }: { relaxed?: boolean } = {},
): Promise<Cluster> {
  const { health, instance, life, log, metrics, service, tracing } = kit;
  const name = `${service} ${formatInstance(instance)}`;
  const bus = await kit.untilAvailable('nats', () =>
    Bus.connect({ ...nats, name, member: service, log, metrics, tracing, relaxed }),
  );
  life.onStop('NATS', () => bus.drain());
  health.addCheck('nats', () => bus.connected && !bus.deaf);
  const cluster = new Cluster(kit, bus);
  life.onStop('deregistration', () => cluster.deregister());
  return cluster;
}

/** The instances of all services, as one of them sees them and is seen by them. */
export class Cluster {
  readonly bus: Bus;
  readonly #kit: Kit;
  #heartbeats: HeartbeatPublisher | undefined;

  constructor(kit: Kit, bus: Bus) {
    this.#kit = kit;
    this.bus = bus;
  }

  /** The live instances of a service, until this one stops. */
  follow(service: string, events?: RegistryEvents): Registry {
    const { life, log } = this.#kit;
    const registry = new Registry(this.bus, log, service, events);
    life.onStop(`registry of ${service}s`, () => registry.stop());
    return registry;
  }

  /**
   * Registers this instance by heartbeats, after which others send to it: all its subscriptions have to exist. When the
   * service stops, it is deregistered before anything started earlier stops.
   * @param details `draining` is that of the health state when left out
   * @param options `late`: it is deregistered only before NATS is drained, for a service that others have to reach until its
   * clients are gone
   */
  register(details: () => HeartbeatDetails = () => ({}), { late = false } = {}): void {
    const { health, instance, life, ops, service } = this.#kit;
    this.#heartbeats = new HeartbeatPublisher(
      this.bus,
      { instance, service, hostname: hostname(), version, ...(ops && { ops }) },
      () => ({ draining: health.draining, ...details() }),
    );
    if (!late) life.onStop('deregistration', () => this.deregister());
  }

  /** Sends a heartbeat now, if registered: something that others act on has changed. */
  announce(): void {
    this.#heartbeats?.announce();
  }

  async deregister(): Promise<void> {
    const heartbeats = this.#heartbeats;
    this.#heartbeats = undefined;
    await heartbeats?.stop();
  }
}
