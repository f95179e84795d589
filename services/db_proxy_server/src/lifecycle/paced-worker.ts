import type { Kit } from '@teamtalk/service-kit';
import type { Question } from '../database/shared-poll.js';

/** Shortest pause between two transactions, milliseconds. */
const pauseMs = 100;
/** Length of the pause relative to the transaction before it: the slower the store, the longer the pauses. */
const pauseShare = 3;

/** SQL condition: instance $1 may work on a row of work. Another instance's claim ends after ten seconds without progress. */
export const mayWork =
  "(worker = $1 OR coalesce(worked_at < clock_timestamp() - interval '10 seconds', true))";

/** Long-running work on the store, in short transactions with pauses. Continues a second after a failure. */
export abstract class PacedWorker {
  readonly question: Question;
  protected readonly kit: Kit;
  readonly #name: string;
  #running: Promise<void> | undefined;
  #isFailing = false;
  #isStopped = false;
  #endPause = () => {};

  /**
   * @param name in the question and the log
   * @param due SQL condition: there is work to do
   */
  constructor(kit: Kit, name: string, due: string) {
    this.kit = kit;
    this.#name = name;
    this.question = {
      name: `${name}_due`,
      sql: due,
      take: (isDue) => {
        if (isDue) this.wake();
      },
    };
  }

  /** Does some of the work, in a short transaction. @returns whether there may be more */
  protected abstract step(): Promise<boolean>;

  /** Counts a step that failed. */
  protected abstract failed(): void;

  /** Starts working if there is anything to do. */
  wake(): void {
    if (this.#isStopped) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Waits for the current transaction; other replicas continue the work. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#endPause();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (!this.#isStopped) {
        const begun = performance.now();
        if (!(await this.step())) break;
        await this.#pause(Math.max(pauseMs, pauseShare * (performance.now() - begun)));
      }
      this.#isFailing = false;
    } catch (error) {
      this.failed();
      if (!this.#isFailing)
        this.kit.log.warn({ err: error, work: this.#name }, 'background work failed; retrying');
      this.#isFailing = true;
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#isStopped) this.#endPause();
    });
  }
}
