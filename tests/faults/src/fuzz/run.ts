import { setTimeout as delay } from 'node:timers/promises';
import { testPassword } from '@teamtalk/cluster';
import { type Counted, fuzzersOf, type ListenersOptions, listenersOf } from './listeners.js';
import { Load, recentOf } from './load.js';
import type { ListenerName, Sent } from './making/input.js';
import { type Held, held, type Limits, leaks } from './oracle/processes.js';
import { BystandersRows, changedRows } from './oracle/rows.js';
import { Senders } from './senders.js';
import { Installation } from './testbed/installation.js';
import { Watch } from './watch.js';
import { Witness } from './witness.js';

/** Listeners that are fuzzed at the same time. */
export interface Part {
  /** what each one's server has to have handled; `Infinity`: as much as it can until time is up */
  goals: Readonly<Partial<Record<ListenerName, number>>>;
}

export interface FuzzOptions extends ListenersOptions {
  /** one after the other */
  parts: readonly Part[];
  /** all of it ends after that, whatever was handled */
  maxMs: number;
  /** before memory is looked at for the first time */
  warmUpMs: number;
  /** between the end and the last look at memory */
  settleMs: number;
  /** whether it ends with the first thing that goes wrong */
  stopsAtFirst: boolean;
  limits: Limits & { stallMs: number; busyMs: number; witnessP99Ms: number; warningsPerKind: number };
  /** is told how far it is */
  report: (text: string) => void;
}

export interface FuzzResult {
  problems: string[];
  /** what servers have handled, by listener */
  handled: Partial<Record<ListenerName, { count: number; what: Counted['what'] }>>;
  /** connections, events or calls, and how they ended */
  inputs: Partial<Record<ListenerName, Record<string, number>>>;
  witness: { messages: number; p50Ms: number; p99Ms: number; maxMs: number };
  warnings: Record<string, number>;
  /** connections that msg_server has ended, by its reason */
  closed: Record<string, number>;
  /** Whether the machine kept msg_server from running so long that it ended all connections: then nothing is shown. */
  isPaused: boolean;
  before: Record<string, Held>;
  after: Record<string, Held>;
  seconds: number;
  /** what was on its way when something went wrong */
  suspects: Sent[];
}

/** Fuzzes an installation of its own, and judges what came of it. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const installation = await Installation.start(fuzzersOf(options.part));
  try {
    return await new Run(installation, options).go();
  } finally {
    // What went wrong before says more.
    await installation.stop().catch((error) => options.report(`stopping: ${error}`));
  }
}

class Run {
  readonly #installation: Installation;
  readonly #options: FuzzOptions;
  readonly #watch: Watch;
  readonly #begun = performance.now();
  #suspects: Sent[] = [];

  constructor(installation: Installation, options: FuzzOptions) {
    this.#installation = installation;
    this.#options = options;
    this.#watch = new Watch(installation);
  }

  async go(): Promise<FuzzResult> {
    const installation = this.#installation;
    const watch = this.#watch;
    const { parts, warmUpMs, settleMs, limits, report } = this.#options;
    const { cluster, witnesses, witnessIds } = installation;
    const rows = await BystandersRows.of(installation);
    const rowsBefore = await rows.read();
    const port = cluster.port('msg_server', 0, 'client');
    const witness = await Witness.start({ port, password: testPassword, names: witnesses, ids: witnessIds });
    const senders = await Senders.open(cluster);
    const loads = listenersOf(installation, this.#options)
      .filter(({ name }) => parts.some(({ goals }) => goals[name] !== undefined))
      .map((listener) => new Load(listener, senders));
    try {
      await this.#run(loads, undefined, performance.now() + warmUpMs, witness);
      await delay(Math.min(settleMs, 5_000));
      const before = await held(installation, watch.logs, watch.take);
      const end = performance.now() + this.#options.maxMs;
      const handled: FuzzResult['handled'] = {};
      for (const { goals } of parts) {
        const taking = loads.filter(({ listener }) => goals[listener.name] !== undefined);
        for (const [name, count] of await this.#run(taking, goals, end, witness)) {
          const { counted } = taking.find(({ listener }) => listener.name === name)!.listener;
          handled[name] = { count: (handled[name]?.count ?? 0) + count, what: counted.what };
        }
      }
      const seconds = Math.round((performance.now() - this.#begun) / 1000);
      report('settling');
      await delay(settleMs);
      const after = await held(installation, watch.logs, watch.take);
      await witness.stop();
      await watch.look();
      const rowsAfter = await rows.read();
      const closed = await this.#closed();
      const problems = [
        ...watch.problems,
        ...witness.problems,
        ...(await this.#historyProblems(witness)),
        ...leaks(before, after, limits),
        ...changedRows(rowsBefore, rowsAfter),
        ...this.#figureProblems(after, witness),
        ...this.#missing(handled),
      ];
      return {
        problems,
        handled,
        inputs: Object.fromEntries(
          loads.map((load) => [load.listener.name, { all: load.inputs, ...load.endings }]),
        ),
        witness: timesOf(witness),
        warnings: Object.fromEntries(watch.warnings),
        closed,
        isPaused: (closed['stood-still'] ?? 0) > 0 && after.msg_server!.busyMs <= limits.busyMs,
        before,
        after,
        seconds,
        suspects: this.#suspects,
      };
    } finally {
      await senders.close();
    }
  }

  /**
   * Until each listener has reached its goal, time is up, or something is wrong.
   * @param goals undefined: until time is up
   * @returns what was handled
   */
  async #run(
    loads: readonly Load[],
    goals: Part['goals'] = {},
    end: number,
    witness: Witness,
  ): Promise<Map<ListenerName, number>> {
    const begin = await this.#handled(loads);
    for (const load of loads) load.start();
    try {
      await this.#untilDone(loads, goals, begin, end, witness);
    } finally {
      await Promise.all(loads.map((load) => load.stop()));
    }
    const handled = await this.#handled(loads);
    return new Map([...handled].map(([name, count]) => [name, count - begin.get(name)!]));
  }

  async #untilDone(
    loads: readonly Load[],
    goals: Part['goals'],
    begin: ReadonlyMap<ListenerName, number>,
    end: number,
    witness: Witness,
  ): Promise<void> {
    const watch = this.#watch;
    const needsTasks = loads.some(
      ({ listener: { name } }) => name === 'file_server' || name === 'file_websocket',
    );
    let reportedAt = 0;
    while (performance.now() < end && loads.some(({ isRunning }) => isRunning)) {
      await delay(1_000);
      await watch.look();
      await this.#installation
        .arrangeTasks(needsTasks ? 2 : 0)
        .catch((error) => watch.problems.push(`couriers: ${error}`));
      if (watch.problems.length + witness.problems.length > 0) {
        if (this.#suspects.length === 0) this.#suspects = recentOf(loads);
        if (this.#options.stopsAtFirst) break;
      }
      const handled = await this.#handled(loads);
      const done = (load: Load) => {
        const { name } = load.listener;
        return handled.get(name)! - begin.get(name)! >= (goals[name] ?? Infinity);
      };
      await Promise.all(loads.filter((load) => load.isRunning && done(load)).map((load) => load.stop()));
      if (performance.now() - reportedAt > 10_000) {
        reportedAt = performance.now();
        const counts = loads.map(
          ({ listener: { name } }) => `${name} ${handled.get(name)! - begin.get(name)!}`,
        );
        this.#options.report(counts.join(' · '));
      }
    }
  }

  async #handled(loads: readonly Load[]): Promise<Map<ListenerName, number>> {
    const counts = await Promise.all(
      loads.map(async (load) => {
        const { listener } = load;
        const isCounted = listener.counted.metrics.length > 0;
        return [listener.name, isCounted ? await this.#watch.handled(listener) : load.answered] as const;
      }),
    );
    return new Map(counts);
  }

  /** Reasons for which msg_server has ended connections. */
  async #closed(): Promise<Record<string, number>> {
    if (this.#installation.cluster.crashed().some(({ service }) => service === 'msg_server')) return {};
    const samples = await this.#installation.cluster.node('msg_server').samples();
    return Object.fromEntries(
      samples
        .filter(({ name }) => name === 'teamtalk_msg_server_connections_closed_total')
        .map(({ labels, value }) => [labels.reason ?? '', value]),
    );
  }

  /** Goals that were not reached: nothing is shown by what was not handled. */
  #missing(handled: FuzzResult['handled']): string[] {
    const goals = new Map<ListenerName, number>();
    for (const part of this.#options.parts) {
      for (const [name, goal] of Object.entries(part.goals) as [ListenerName, number][]) {
        goals.set(name, (goals.get(name) ?? 0) + (goal === Infinity ? 1 : goal));
      }
    }
    return [...goals]
      .map(([name, goal]) => ({ name, goal, count: handled[name]?.count ?? 0 }))
      .filter(({ count, goal }) => count < goal)
      .map(({ name, goal, count }) => `${name} has handled ${count} of ${goal}`);
  }

  async #historyProblems({ sent }: Witness): Promise<string[]> {
    const [low, high] = [...this.#installation.witnessIds].sort((a, b) => a - b);
    const [row] = await this.#installation.cluster.sql<{ count: number }>(
      'SELECT count(*)::int AS count FROM message WHERE from_id = ANY($1) AND conv = ($2::int8 << 32 | $3::int8)',
      [[low, high], low, high],
    );
    return row!.count === sent ? [] : [`witnesses have ${row!.count} messages in history, and sent ${sent}`];
  }

  #figureProblems(after: Record<string, Held>, witness: Witness): string[] {
    const { stallMs, busyMs, witnessP99Ms, warningsPerKind } = this.#options.limits;
    const { p99Ms } = timesOf(witness);
    return [
      ...Object.entries(after)
        .filter(([, figures]) => figures.stallMs > stallMs)
        .map(([service, figures]) => `the event loop of ${service} stalled for ${figures.stallMs} ms`),
      ...Object.entries(after)
        .filter(([, figures]) => figures.busyMs > busyMs)
        .map(([service, figures]) => `the event loop of ${service} was busy for ${figures.busyMs} ms`),
      ...(p99Ms > witnessP99Ms ? [`messages of witnesses took ${p99Ms} ms (p99)`] : []),
      ...[...this.#watch.warnings]
        .filter(([, count]) => count > warningsPerKind)
        .map(([kind, count]) => `warned ${count} times, ${kind}`),
    ];
  }
}

function timesOf({ sent, times }: Witness): FuzzResult['witness'] {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number) => Math.round(sorted[Math.floor((sorted.length - 1) * part)] ?? Infinity);
  return { messages: sent, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}
