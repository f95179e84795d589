import type { Kit } from '@teamtalk/service-kit';
import type { Question } from '../database/shared-poll.js';

/** Shortest pause between two transactions, milliseconds. */
const pauseMs = 100;
/** The pause is this many times as long as the transaction took, so that a store under load gets more of it. */
const pauseShare = 3;

/** SQL: whether a row that describes work is nobody's but of instance $1. A replica has it until it has done nothing for ten seconds. */
export const mayWork =
  "(worker = $1 OR coalesce(worked_at < clock_timestamp() - interval '10 seconds', true))";

/** Long work on the store, in short transactions with pauses between them. It goes on a second after a failure. */
export abstract class PacedWorker {
  readonly question: Question;
  protected readonly kit: Kit;
  readonly #name: string;
  #running: Promise<void> | undefined;
  #isFailing = false;
  #isStopped = false;
  #endPause = () => {};

  /**
   * @param name of the question and in the log
   * @param due SQL: whether there is work
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

  /** Looks for work now. */
  wake(): void {
    if (this.#isStopped) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Waits for the transaction in progress; other replicas go on. */
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
      if (!this.#isFailing) this.kit.log.warn({ err: error, work: this.#name }, 'long work failed; retrying');
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
