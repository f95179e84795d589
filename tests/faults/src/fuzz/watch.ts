import type { Listener } from './listeners.js';
import { type LogLine, Logs } from './oracle/logs.js';
import type { Installation } from './testbed/installation.js';

/** Lines of one text and service that are written to the report. */
const shownOfKind = 3;

/** Watches an installation from outside: its processes and what they log. */
export class Watch {
  readonly logs: Logs;
  readonly problems: string[] = [];
  /** Warnings by service and text. */
  readonly warnings = new Map<string, number>();
  readonly #installation: Installation;
  readonly #kinds = new Map<string, number>();
  readonly #handled = new Map<string, number>();
  #crashed = 0;

  constructor(installation: Installation) {
    this.#installation = installation;
    this.logs = new Logs(installation.logFolder);
  }

  async look(): Promise<void> {
    for (const line of await this.logs.more()) this.take(line);
    const crashed = this.#installation.cluster.crashed();
    if (crashed.length > this.#crashed) {
      this.#crashed = crashed.length;
      this.problems.push(`ended: ${crashed.map(({ service }) => service).join(', ')}`);
    }
  }

  readonly take = ({ service, level, text, line }: LogLine): void => {
    const kind = `${service}: ${text.slice(0, 200)}`;
    if (level === 'probe' || level === 'info') return;
    if (level === 'warn') {
      this.warnings.set(kind, (this.warnings.get(kind) ?? 0) + 1);
      return;
    }
    const count = (this.#kinds.get(kind) ?? 0) + 1;
    this.#kinds.set(kind, count);
    if (count <= shownOfKind) this.problems.push(`${service} logged: ${line.slice(0, 2_000)}`);
  };

  /** What a listener's server has handled so far, from its metrics; what it last said if it has ended. */
  async handled({ name, counted: { service, metrics } }: Listener): Promise<number> {
    try {
      const samples = await this.#installation.cluster.node(service).samples();
      const names = new Set(metrics.map((metric) => `teamtalk_${service}_${metric}`));
      const count = samples.reduce((sum, sample) => (names.has(sample.name) ? sum + sample.value : sum), 0);
      this.#handled.set(name, count);
      return count;
    } catch (error) {
      await this.look();
      if (this.#crashed === 0) throw error;
      return this.#handled.get(name) ?? 0;
    }
  }
}
