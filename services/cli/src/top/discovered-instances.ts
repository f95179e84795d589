import { Bus, Registry } from '@teamtalk/bus';
import { AnnouncedInstances, type Directory, type Known } from '@teamtalk/observer';
import { type BusConfig, createLogger, Metrics, withoutSecrets } from '@teamtalk/service-kit';

/** How long an instance that left is still shown, milliseconds. */
const goneMs = 30_000;

/** Instances found by their heartbeats on NATS, wherever they run. */
export class DiscoveredInstances implements Directory {
  readonly source: string;
  readonly #bus: Bus;
  readonly #instances = new AnnouncedInstances(goneMs);

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
    for (const service of services) {
      this.#instances.add(new Registry(bus, log, service, this.#instances.events));
    }
  }

  get doubt(): string | undefined {
    return this.#bus.responsive ? undefined : 'NATS does not answer: who comes and goes is not seen';
  }

  known(): Known[] {
    return this.#instances.known();
  }

  async close(): Promise<void> {
    this.#instances.stop();
    await this.#bus.drain();
  }
}
