import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sumOf } from './record/check.js';
import { runRound } from './round.js';
import { drawSchedule } from './schedules/draw.js';
import { describe, type Schedule } from './schedules/schedule.js';
import { scheduled } from './schedules/scheduled-faults.js';
import { shrink } from './schedules/shrink.js';
import { isClean, type Row, rowOf } from './table.js';
import type { TestChaosCluster } from './testbed/test-chaos-cluster.js';

export interface OverlapOptions {
  seed: number;
  /** number of the first schedule */
  from: number;
  /** no schedule begins later than this, minutes */
  minutes: number;
  /** how many of them at most */
  schedules: number;
  /** repeated instead of those of the seed */
  schedule: Schedule | undefined;
  /** runs spent on finding the smallest failing part of a schedule; 0: none */
  shrinkRuns: number;
  /** failing schedules after which the run ends */
  maxFailures: number;
  /** where failing schedules are written */
  folder: string;
  report: (text: string) => void;
  /** a new testbed */
  start: () => Promise<TestChaosCluster>;
  onRow: (row: Row) => Promise<void>;
  stopped: () => boolean;
}

/** A part counts as passing after so many runs: timing decides, too, whether it fails. */
const attempts = 2;

/** Runs schedules of overlapping faults, one after the other, on one testbed until one breaks it. */
export class OverlapRun {
  readonly #options: OverlapOptions;
  #testbed: TestChaosCluster | undefined;
  #failures = 0;

  constructor(options: OverlapOptions) {
    this.#options = options;
  }

  /** @returns whether nothing failed */
  async run(): Promise<boolean> {
    const { seed, from, minutes, schedules, schedule: given, maxFailures, report, stopped } = this.#options;
    this.#testbed = await this.#options.start();
    const begun = performance.now();
    const isOver = () => performance.now() - begun > minutes * 60_000 || stopped();
    const rows: Row[] = [];
    for (let index = from; index < from + schedules && !isOver(); index++) {
      const schedule = given ?? drawSchedule(seed, index);
      const row = await this.#try(schedule, index);
      if (row) {
        rows.push(row);
        await this.#options.onRow(row);
        reportRow(report, row);
      }
      if (stopped() || (row && isClean(row))) continue;
      this.#failures++;
      await this.#failed(schedule, index);
      if (this.#failures >= maxFailures) break;
    }
    await this.#checkHistory();
    const seconds = (performance.now() - begun) / 1000;
    const { acked, checked, ...rest } = sumOf(rows);
    report(
      `${rows.length} schedules in ${Math.round(seconds)} s: ${acked} acked (${Math.round(acked / seconds)}/s), ` +
        `${checked} deliveries checked, ${JSON.stringify(rest)}, ${this.#failures} failed`,
    );
    await this.#stop();
    return this.#failures === 0 && rows.length > 0;
  }

  /** @returns undefined: it was not completed */
  async #try(schedule: Schedule, index: number): Promise<Row | undefined> {
    const { seed, report } = this.#options;
    const fault = scheduled(
      {
        name: `${seed}/${index}`,
        title: `seed ${seed}, schedule ${index}: ${schedule.length} faults`,
        rounds: 1,
      },
      () => schedule,
    );
    const begun = performance.now();
    try {
      this.#testbed ??= await this.#options.start();
      const result = await runRound(this.#testbed, fault, index);
      return rowOf(fault, [result], performance.now() - begun);
    } catch (error) {
      report(
        `seed ${seed}, schedule ${index} broke the testbed: ${error instanceof Error ? error.stack : error}`,
      );
      await this.#stop();
      return undefined;
    }
  }

  async #failed(schedule: Schedule, index: number): Promise<void> {
    const { seed, report, shrinkRuns, folder, stopped } = this.#options;
    const tell = async (what: string, part: Schedule) => {
      const file = path.join(folder, `chaos-failed-${seed}-${index}-${what}.json`);
      await mkdir(folder, { recursive: true });
      await writeFile(file, `${JSON.stringify(part, null, 1)}\n`);
      report(`${what}, seed ${seed}, schedule ${index} (--schedule ${file}):`);
      for (const step of part) report(`    ${describe(step)}`);
    };
    await tell('failed', schedule);
    if (shrinkRuns === 0) return;
    const fails = async (part: Schedule) => {
      for (let i = 0; i < attempts && !stopped(); i++) {
        const row = await this.#try(part, index);
        if (row) reportRow(report, row);
        if (!stopped() && !(row && isClean(row))) return true;
      }
      return false;
    };
    await tell('smallest', await shrink(schedule, fails, Math.ceil(shrinkRuns / attempts)));
  }

  async #checkHistory(): Promise<void> {
    // What was right after its round has to be there at the end, too.
    const missing = (await this.#testbed?.checkHistory()) ?? 0;
    if (missing > 0) this.#failures++;
  }

  async #stop(): Promise<void> {
    const testbed = this.#testbed;
    this.#testbed = undefined;
    await testbed
      ?.stop()
      .catch((error: unknown) => this.#options.report(`the testbed did not stop: ${error}`));
  }
}

function reportRow(report: (text: string) => void, row: Row): void {
  const { title, acked, indeterminate, checked, lost, duplicated, reordered, undelivered, late, recovery } =
    row;
  report(
    `${isClean(row) ? 'ok    ' : 'FAILED'} ${title}: ${acked} acked, ${indeterminate} without, ${checked} deliveries checked, ` +
      `lost ${lost}, duplicated ${duplicated}, reordered ${reordered}, undelivered ${undelivered}, late ${late}; ` +
      `recovered after ${Math.round(recovery.median)} ms, ${(row.took / 1000).toFixed(1)} s, ${row.breaks} broken connections, ${row.observers} observers left`,
  );
}
