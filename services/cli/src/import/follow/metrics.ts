import { Metrics } from '@teamtalk/service-kit';

/** How far behind a follower is. */
export class FollowMetrics {
  readonly metrics = new Metrics('import');
  readonly #messages = this.metrics.counter(
    'messages_total',
    'Rows of messages that were read since the start',
  );
  readonly #failures = this.metrics.counter('failures_total', 'Passes that failed; the next one continues');
  /** differences found by the last comparison of both sides */
  unexplained = 0;
  /** rows of messages that are not here yet */
  behind = 0;
  /** of `performance.now()`: everything that was in the old tables of messages then is here */
  messagesUntil: number | undefined;
  /** of `performance.now()`: everything else that was in the old store then is here */
  stateUntil: number | undefined;
  readonly #beganAt = performance.now();

  constructor() {
    this.metrics.gauge('rows_behind', 'Rows of messages that are not here yet', () => this.behind);
    this.metrics.gauge(
      'unexplained',
      'Unexplained differences in the last daily comparison; 0 before the first',
      () => this.unexplained,
    );
    this.metrics.gauge('lag_seconds', 'Maximum age of messages that are not imported yet', () =>
      this.#since(this.messagesUntil),
    );
    this.metrics.gauge('state_lag_seconds', 'Maximum age of other changes that are not imported yet', () =>
      this.#since(this.stateUntil),
    );
  }

  addMessages(rows: number): void {
    this.#messages.inc(rows);
  }

  addFailure(): void {
    this.#failures.inc();
  }

  #since(time: number | undefined): number {
    return (performance.now() - (time ?? this.#beganAt)) / 1_000;
  }
}
