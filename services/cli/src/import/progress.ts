import { type ImportStep, importSteps } from '@teamtalk/administration';
import { clearProgress, note, showProgress } from '../output.js';

const noteMs = 10_000;
const showMs = 200;

/** Receives progress events, more often than they should be displayed. */
export interface ProgressListener {
  /** @param progress `step`: description, empty when it has ended; `total`: 0 when unknown */
  tell(progress: { step: string; done: number; total: number }): void;
}

/** Tells how far the import is: on a terminal in one line, elsewhere in a line every 10 s. */
export class Progress {
  #step = '';
  #total = 0;
  #done = 0;
  #doneBefore = 0;
  #beganAt = 0;
  #shownAt = 0;
  #notedAt = 0;
  readonly #listener: ProgressListener | undefined;

  constructor(listener?: ProgressListener) {
    this.#listener = listener;
  }

  /**
   * @param total in the units of `add`; 0: unknown
   * @param done units completed by an earlier run, which do not count for the speed of this one
   */
  begin(step: ImportStep, total: number, done = 0): void {
    this.#step = importSteps[step];
    this.#total = total;
    this.#done = done;
    this.#doneBefore = done;
    this.#beganAt = performance.now();
    this.#notedAt = this.#beganAt;
    this.#shownAt = 0;
    this.#show();
  }

  add(count: number): void {
    this.#done += count;
    this.#show();
  }

  end(): void {
    clearProgress();
    this.#step = '';
    this.#listener?.tell({ step: '', done: this.#done, total: this.#total });
  }

  #show(): void {
    const now = performance.now();
    if (now - this.#shownAt < showMs) return;
    this.#shownAt = now;
    this.#listener?.tell({ step: this.#step, done: this.#done, total: this.#total });
    showProgress(this.#line(now));
    if (process.stderr.isTTY || now - this.#notedAt < noteMs) return;
    this.#notedAt = now;
    note(this.#line(now));
  }

  #line(now: number): string {
    const seconds = (now - this.#beganAt) / 1_000;
    const of = this.#total > 0 ? ` of ${whole(Math.ceil(this.#total))}` : '';
    const rate = seconds > 1 ? `, ${whole((this.#done - this.#doneBefore) / seconds)}/s` : '';
    return `${this.#step}: ${whole(this.#done)}${of}${rate}${this.#left(seconds)}`;
  }

  #left(seconds: number): string {
    const done = this.#done - this.#doneBefore;
    if (this.#total <= this.#done || done <= 0 || seconds < 2) return '';
    return `, about ${duration((seconds * (this.#total - this.#done)) / done)} left`;
  }
}

function whole(count: number): string {
  return Math.round(count).toLocaleString('en');
}

/** `47 s`, `12 min`, `3.4 h` */
export function duration(seconds: number): string {
  if (seconds < 120) return `${Math.ceil(seconds)} s`;
  if (seconds < 7_200) return `${Math.ceil(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}
