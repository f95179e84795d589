import type { Bus, Registry } from '@teamtalk/bus';
import {
  type AlertFinding,
  type AnnouncedInstances,
  alertMetrics,
  findAlerts,
  type Observation,
  Observer,
  type Overview,
  RecentMetrics,
} from '@teamtalk/observer';
import { coalesce } from '@teamtalk/service-kit';
import { type ClientCounts, countClients } from './client-counts.js';

/** How old a look may be that is shown again, milliseconds: many people watch, and every instance is asked for each look. */
const freshMs = 2_500;
/**
 * After this long without a look, what was seen before says nothing about now, milliseconds. With several admin_servers each of
 * them looks less often.
 */
const staleMs = 60_000;

/** Services that no installation works without. */
const needed = ['login_server', 'msg_server', 'route_server', 'db_proxy_server'];

interface LiveOptions {
  bus: Bus;
  instances: AnnouncedInstances;
  msgServers: Registry;
  /** every service */
  services: readonly string[];
}

export interface Look {
  overview: Overview;
  recent: RecentMetrics;
  clients: ClientCounts;
}

export interface Alert extends AlertFinding {
  /** when it was first seen while somebody watched */
  since: Date;
}

/** What is going on, read from all instances while somebody watches and at no other time. */
export class Live {
  readonly #options: LiveOptions;
  readonly #look = coalesce(() => this.#lookNow());
  readonly #holding = new Map<string, Date>();
  #observer: Observer;
  #recent: RecentMetrics;
  #last: { look: Look; at: number } | undefined;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#observer = this.#newObserver();
    this.#recent = this.#newRecent();
  }

  /** Rates and quantiles are there from the second look on. */
  look(): Promise<Look> {
    const last = this.#last;
    return last && performance.now() - last.at < freshMs ? Promise.resolve(last.look) : this.#look(0);
  }

  /** The alerts that hold, by the last look. */
  alerts({ overview, recent }: Look, deadLetters: Observation['deadLetters']): Alert[] {
    const { instances } = this.#options;
    const expected = [...new Set([...needed, ...instances.services])];
    const found = findAlerts({ overview, recent, expected, deadLetters });
    const names = new Set(found.map(({ alert }) => alert));
    for (const alert of this.#holding.keys()) if (!names.has(alert)) this.#holding.delete(alert);
    const now = new Date();
    return found.flatMap((finding) => {
      const since = this.#holding.get(finding.alert) ?? now;
      this.#holding.set(finding.alert, since);
      return now.getTime() - since.getTime() >= finding.afterMs ? [{ ...finding, since }] : [];
    });
  }

  async #lookNow(): Promise<Look> {
    if (this.#last && performance.now() - this.#last.at > staleMs) {
      this.#observer = this.#newObserver();
      this.#recent = this.#newRecent();
      this.#holding.clear();
    }
    const { bus, msgServers } = this.#options;
    const [overview, clients] = await Promise.all([this.#observer.look(), countClients(bus, msgServers)]);
    this.#recent.add(overview.readings);
    const look = { overview, recent: this.#recent, clients };
    this.#last = { look, at: performance.now() };
    return look;
  }

  #newObserver(): Observer {
    const { bus, instances } = this.#options;
    return new Observer({
      source: '',
      get doubt() {
        return bus.responsive ? undefined : 'NATS does not answer: who comes and goes is not seen';
      },
      known: () => instances.known(),
    });
  }

  #newRecent(): RecentMetrics {
    return new RecentMetrics(alertMetrics(this.#options.services));
  }
}
