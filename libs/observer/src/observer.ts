import type { Directory, Known } from './directory.js';
import { type Figures, figuresOf, noFigures, serviceMetrics, serviceOf } from './figures.js';
import { probe, type Reading } from './probe.js';

/**
 * `draining`: accepts no new work; `not ready`: a dependency is down; `no answer`: its metrics cannot be read;
 * `stopped`: it deregistered; `lost`: its heartbeats have ceased
 */
export type State = 'up' | 'draining' | 'not ready' | 'no answer' | 'stopped' | 'lost';

export interface Row extends Figures {
  service: string;
  /** 8 hex digits; null where only the address is known */
  instance: string | null;
  /** host:port of its health and metrics */
  address: string;
  state: State;
  /** a remark of a few words */
  note: string;
  /** null where its heartbeat does not say it */
  version: string | null;
}

export interface Overview {
  time: Date;
  source: string;
  doubt: string | null;
  rows: Row[];
  /** by key of the instance; those that answered */
  readings: ReadonlyMap<string, Reading>;
}

const probeMs = 1_500;
/** Instances read concurrently. */
const mostProbes = 64;
/** How long an instance counts as new, milliseconds. */
const newMs = 15_000;

/** Reads all instances repeatedly, and keeps the readings that rates are computed from. */
export class Observer {
  readonly #directory: Directory;
  readonly #readings = new Map<string, Reading>();
  /** when each was first seen; performance.now() */
  readonly #firstSeen = new Map<string, number>();
  readonly #services = new Map<string, string>();
  #looked = false;

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  async look(): Promise<Overview> {
    const known = this.#directory.known();
    const rows: Row[] = [];
    for (let i = 0; i < known.length; i += mostProbes) {
      rows.push(...(await Promise.all(known.slice(i, i + mostProbes).map((each) => this.#row(each)))));
    }
    const keys = new Set(known.map(({ key }) => key));
    for (const map of [this.#readings, this.#firstSeen, this.#services]) {
      for (const key of map.keys()) if (!keys.has(key)) map.delete(key);
    }
    this.#looked = true;
    rows.sort((a, b) => rank(a) - rank(b) || a.address.localeCompare(b.address, 'en', { numeric: true }));
    const { source, doubt = null } = this.#directory;
    return { time: new Date(), source, doubt, rows, readings: new Map(this.#readings) };
  }

  async #row(known: Known): Promise<Row> {
    const { key, instance = null, address, gone, connections = null, version = null } = known;
    const row = (state: State, note: string, figures: Figures = { ...noFigures, connections }): Row => {
      const service = known.service ?? this.#services.get(key) ?? '?';
      return { service, instance, address, state, note, version, ...figures };
    };
    if (gone) {
      const ago = `${Math.round((performance.now() - gone.at) / 1000)} s ago`;
      return row(gone.inOrder ? 'stopped' : 'lost', ago, noFigures);
    }
    const reading = await probe(address, probeMs);
    if (typeof reading === 'string') {
      this.#readings.delete(key);
      return row('no answer', reading);
    }
    const service = known.service ?? serviceOf(reading.samples);
    if (!service) return row('no answer', 'tells no metrics of TeamTalk');
    this.#services.set(key, service);
    const figures = figuresOf(service, reading, this.#readings.get(key));
    this.#readings.set(key, reading);
    const isNew = this.#isNew(key);
    if (known.draining || reading.draining) {
      const down = reading.down.length > 0 ? `${reading.down.join(', ')} down` : '';
      return row('draining', down, figures);
    }
    if (!reading.ready) return row('not ready', `${reading.down.join(', ') || 'something'} down`, figures);
    return row('up', isNew ? 'new' : '', figures);
  }

  #isNew(key: string): boolean {
    const seen = this.#firstSeen.get(key) ?? (this.#looked ? performance.now() : Number.NEGATIVE_INFINITY);
    this.#firstSeen.set(key, seen);
    return performance.now() - seen < newMs;
  }
}

function rank({ service }: Row): number {
  const order = Object.keys(serviceMetrics);
  return order.includes(service) ? order.indexOf(service) : order.length;
}
