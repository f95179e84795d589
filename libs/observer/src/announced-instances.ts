import { hostname } from 'node:os';
import type { Heartbeat, Registry, RegistryEvents } from '@teamtalk/bus';
import { formatInstance } from '@teamtalk/service-kit';
import type { Known } from './directory.js';

/** The instances that registries know, and those that have gone a while ago. */
export class AnnouncedInstances {
  readonly #goneMs: number;
  readonly #registries: Registry[] = [];
  readonly #gone = new Map<string, Known>();
  /** those that have had an instance so far */
  readonly services = new Set<string>();

  /** For the registries that are added. */
  readonly events: RegistryEvents = {
    onGone: (instance, inOrder) => {
      this.#forgetOld();
      const known = knownOf(instance);
      this.#gone.set(known.key, { ...known, gone: { inOrder, at: performance.now() } });
    },
    // Its heartbeats had only paused.
    onChange: ({ instance, service }) => {
      this.#gone.delete(formatInstance(instance));
      this.services.add(service);
    },
  };

  /** @param goneMs how long an instance that has gone stays known, milliseconds */
  constructor(goneMs: number) {
    this.#goneMs = goneMs;
  }

  /** @param registry created with `events` */
  add(registry: Registry): void {
    this.#registries.push(registry);
  }

  known(): Known[] {
    this.#forgetOld();
    return [...this.#registries.flatMap((registry) => registry.all().map(knownOf)), ...this.#gone.values()];
  }

  #forgetOld(): void {
    const oldest = performance.now() - this.#goneMs;
    for (const [key, { gone }] of this.#gone) if (gone!.at < oldest) this.#gone.delete(key);
  }

  stop(): void {
    for (const registry of this.#registries) registry.stop();
  }
}

function knownOf(heartbeat: Heartbeat): Known {
  const { instance, service, draining, maxConnections, connections, version } = heartbeat;
  return {
    key: formatInstance(instance),
    service,
    instance: formatInstance(instance),
    address: addressOf(heartbeat),
    draining,
    version: version || undefined,
    ...(maxConnections > 0 && { connections }),
  };
}

/** Services that reach NATS over the loopback interface name that; from elsewhere they are found by their host. */
function addressOf({ opsAddress, hostname: host }: Heartbeat): string {
  const loopback = /^(?:127\.[\d.]+|\[::1\]):(?<port>\d+)$/.exec(opsAddress);
  return loopback && host && host !== hostname() ? `${host}:${loopback.groups!.port}` : opsAddress;
}
