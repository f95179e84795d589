import { importSteps } from '@teamtalk/administration';
import type { Failure } from '../../failure.js';
import { clearProgress, note, showProgress } from '../../output.js';
import type { FollowObserver } from '../follow/follow.js';
import { FollowMetrics } from '../follow/metrics.js';
import type { ProgressRecord } from '../target/progress-record.js';

const noteMs = 10_000;

/** Tells how far behind a follower is: on a terminal in one line, elsewhere in a line every 10 s. */
export class Lag implements FollowObserver {
  readonly #metrics = new FollowMetrics();
  #count = 0;
  #notedAt = performance.now();
  readonly #record: ProgressRecord | undefined;

  constructor(record?: ProgressRecord) {
    this.#record = record;
  }

  get metrics(): FollowMetrics['metrics'] {
    return this.#metrics.metrics;
  }

  /** whether a pass has come to its end */
  get hasBegun(): boolean {
    return this.#metrics.messagesUntil !== undefined;
  }

  /** maximum age of messages not imported yet; undefined before the first pass has finished */
  get secondsBehind(): number | undefined {
    const { messagesUntil } = this.#metrics;
    return messagesUntil === undefined ? undefined : (performance.now() - messagesUntil) / 1_000;
  }

  onBehind(rows: number): void {
    this.#metrics.behind = rows;
    this.#show();
  }

  onMessages(rows: number): void {
    this.#metrics.addMessages(rows);
    this.#count += rows;
    this.#metrics.behind = Math.max(0, this.#metrics.behind - rows);
    this.#show();
  }

  onMessagesUntil(time: number): void {
    this.#metrics.messagesUntil = time;
    this.#show();
  }

  onStateUntil(time: number): void {
    this.#metrics.stateUntil = time;
    this.#show();
  }

  onCompared(unexplained: number): void {
    this.#metrics.unexplained = unexplained;
  }

  onFailure(error: Failure): void {
    this.#metrics.addFailure();
    clearProgress();
    note(error.message);
  }

  end(): void {
    clearProgress();
    note(this.#line());
  }

  #show(): void {
    const { behind, messagesUntil, stateUntil } = this.#metrics;
    this.#record?.tell({
      step: importSteps.following,
      done: this.#count,
      total: 0,
      rowsBehind: behind,
      messagesUntil: dateOf(messagesUntil),
      stateUntil: dateOf(stateUntil),
    });
    showProgress(this.#line());
    if (process.stderr.isTTY || performance.now() - this.#notedAt < noteMs) return;
    this.#notedAt = performance.now();
    note(this.#line());
  }

  #line(): string {
    const { behind, messagesUntil, stateUntil } = this.#metrics;
    const ago = (time: number | undefined) =>
      time === undefined ? 'not yet' : `${((performance.now() - time) / 1_000).toFixed(1)} s ago`;
    return `following: ${this.#count.toLocaleString('en')} rows came, ${behind.toLocaleString('en')} are behind; messages up to ${ago(messagesUntil)}, everything else up to ${ago(stateUntil)}`;
  }
}

/** @param time as of `performance.now()` */
function dateOf(time: number | undefined): number | undefined {
  return time === undefined ? undefined : Date.now() - (performance.now() - time);
}
