import { hostname } from 'node:os';
import { Bus, type Heartbeat, Registry } from '@teamtalk/bus';
import { type BusConfig, createLogger, formatInstance, Metrics, withoutSecrets } from '@teamtalk/service-kit';
import type { Directory, Known } from './directory.js';

/** How long an instance that left is still shown, milliseconds. */
const goneMs = 30_000;

/** Instances found by their heartbeats on NATS, wherever they run. */
export class DiscoveredInstances implements Directory {
  readonly source: string;
  readonly #bus: Bus;
  readonly #registries: Registry[];
  readonly #gone = new Map<string, Known>();

  /** @throws TeamTalkError `unavailable` when NATS does not answer */
  static async open(config: BusConfig, services: readonly string[]): Promise<DiscoveredInstances> {
    const log = createLogger({ service: 'top', instance: 0, level: 'silent' });
    const bus = await Bus.connect({
      ...config,
      name: 'teamtalk top',
      member: 'operator',
      log,
      metrics: new Metrics('top'),
    });
    return new DiscoveredInstances(bus, `${withoutSecrets(config.url)}, prefix ${config.prefix}`, services);
  }

  private constructor(bus: Bus, source: string, services: readonly string[]) {
    const log = createLogger({ service: 'top', instance: 0, level: 'silent' });
    this.source = source;
    this.#bus = bus;
    this.#registries = services.map(
      (service) =>
        new Registry(bus, log, service, {
          onGone: (instance, inOrder) => {
            const known = knownOf(instance);
            this.#gone.set(known.key, { ...known, gone: { inOrder, at: performance.now() } });
          },
          // Its heartbeats had only paused.
          onChange: ({ instance }) => this.#gone.delete(formatInstance(instance)),
        }),
    );
  }

  get doubt(): string | undefined {
    return this.#bus.responsive ? undefined : 'NATS does not answer: who comes and goes is not seen';
  }

  known(): Known[] {
    const oldest = performance.now() - goneMs;
    for (const [key, { gone }] of this.#gone) if (gone!.at < oldest) this.#gone.delete(key);
    return [...this.#registries.flatMap((registry) => registry.all().map(knownOf)), ...this.#gone.values()];
  }

  async close(): Promise<void> {
    for (const registry of this.#registries) registry.stop();
    await this.#bus.drain();
  }
}

function knownOf(heartbeat: Heartbeat): Known {
  const { instance, service, draining, maxConnections, connections } = heartbeat;
  return {
    key: formatInstance(instance),
    service,
    instance: formatInstance(instance),
    address: addressOf(heartbeat),
    draining,
    ...(maxConnections > 0 && { connections }),
  };
}

/** Services that reach NATS over the loopback interface name that; from elsewhere they are found by their host. */
function addressOf({ opsAddress, hostname: host }: Heartbeat): string {
  const loopback = /^(?:127\.[\d.]+|\[::1\]):(?<port>\d+)$/.exec(opsAddress);
  return loopback && host && host !== hostname() ? `${host}:${loopback.groups!.port}` : opsAddress;
}
