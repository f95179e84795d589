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

  /** What a listener's server has handled so far, from its metrics. */
  async handled({ counted }: Listener): Promise<number> {
    const samples = await this.#installation.cluster.node(counted.service).samples();
    const names = new Set(counted.metrics.map((name) => `teamtalk_${counted.service}_${name}`));
    return samples.reduce((sum, { name, value }) => (names.has(name) ? sum + value : sum), 0);
  }
}
