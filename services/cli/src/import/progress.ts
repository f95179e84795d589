import { clearProgress, note, showProgress } from '../output.js';

const noteMs = 10_000;
const showMs = 200;

/** Tells how far the import is: on a terminal in one line, elsewhere in a line every 10 s. */
export class Progress {
  #step = '';
  #total = 0;
  #done = 0;
  #beganAt = 0;
  #shownAt = 0;
  #notedAt = 0;

  /** @param total of the units that `add` counts; 0 where it is not known */
  begin(step: string, total: number): void {
    this.#step = step;
    this.#total = total;
    this.#done = 0;
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
  }

  #show(): void {
    const now = performance.now();
    if (now - this.#shownAt < showMs) return;
    this.#shownAt = now;
    showProgress(this.#line(now));
    if (process.stderr.isTTY || now - this.#notedAt < noteMs) return;
    this.#notedAt = now;
    note(this.#line(now));
  }

  #line(now: number): string {
    const seconds = (now - this.#beganAt) / 1_000;
    const of = this.#total > 0 ? ` of ${this.#total.toLocaleString('en')}` : '';
    const rate = seconds > 1 ? `, ${Math.round(this.#done / seconds).toLocaleString('en')}/s` : '';
    return `${this.#step}: ${this.#done.toLocaleString('en')}${of}${rate}${this.#left(seconds)}`;
  }

  #left(seconds: number): string {
    if (this.#total <= this.#done || this.#done === 0 || seconds < 2) return '';
    return `, about ${duration((seconds * (this.#total - this.#done)) / this.#done)} left`;
  }
}

/** `47 s`, `12 min`, `3.4 h` */
export function duration(seconds: number): string {
  if (seconds < 120) return `${Math.ceil(seconds)} s`;
  if (seconds < 7_200) return `${Math.ceil(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}
