interface Step {
  name: string;
  /** ISO 8601 */
  beganAt: string;
  seconds: number;
  result: string;
}

export interface Criterion {
  question: string;
  isMet: boolean;
  found: string;
}

/** Record of a cutover or its rehearsal, for a person to sign and for programs to read. */
export interface EveningRecord {
  source: string;
  beganAt: string;
  endedAt: string;
  /** when it had to be finished; null: no limit */
  deadline: string | null;
  steps: Step[];
  criteria: Criterion[];
  decision: 'go' | 'no go';
  /** next steps, in order */
  next: string[];
}

/** Times the steps of a cutover, against its deadline. */
export class Clock {
  readonly steps: Step[] = [];
  /** as of `performance.now()` */
  readonly deadline: number;
  readonly #beganAt = new Date();
  readonly #withinMs: number;
  readonly #onStep: (line: string) => void;

  /** @param onStep called with a line at the beginning and the end of each step */
  constructor({ withinMs, onStep }: { withinMs?: number; onStep(line: string): void }) {
    this.#withinMs = withinMs ?? Number.POSITIVE_INFINITY;
    this.#onStep = onStep;
    this.deadline = performance.now() + this.#withinMs;
  }

  get isOver(): boolean {
    return performance.now() > this.deadline;
  }

  /** @param work returns a description of its result */
  async step(name: string, work: () => Promise<string>): Promise<void> {
    const beganAt = new Date();
    const begin = performance.now();
    this.#onStep(`${beganAt.toISOString()} ${name}${this.#left()}`);
    const end = (result: string) => {
      const seconds = (performance.now() - begin) / 1_000;
      this.steps.push({ name, beganAt: beganAt.toISOString(), seconds, result });
      this.#onStep(`    ${result}, after ${seconds.toFixed(1)} s`);
    };
    try {
      end(await work());
    } catch (error) {
      end(`failed: ${(error as Error).message}`);
      throw error;
    }
  }

  times(): Pick<EveningRecord, 'beganAt' | 'endedAt' | 'deadline'> {
    const isLimited = Number.isFinite(this.#withinMs);
    return {
      beganAt: this.#beganAt.toISOString(),
      endedAt: new Date().toISOString(),
      deadline: isLimited ? new Date(this.#beganAt.getTime() + this.#withinMs).toISOString() : null,
    };
  }

  #left(): string {
    const minutes = Math.max(0, (this.deadline - performance.now()) / 60_000);
    return Number.isFinite(minutes) ? ` (${minutes.toFixed(0)} min left)` : '';
  }
}
