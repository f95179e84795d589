import { plainName } from './file-names.js';
import { clearProgress, showProgress } from './output.js';

/** Milliseconds between two updates of the progress line. */
const everyMs = 100;

/** Shows on a terminal how far a file has come: part, rate, time left. */
export class FileProgress {
  readonly #name: string;
  readonly #size: number;
  #from: number | undefined;
  readonly #begin = performance.now();
  #shownAt = 0;
  #bytes: number;

  /** @param from bytes transferred before; undefined: as many as the first update says */
  constructor(name: string, size: number, from: number | undefined) {
    this.#name = plainName(name);
    this.#size = size;
    this.#from = from;
    this.#bytes = from ?? 0;
  }

  readonly update = (bytes: number): void => {
    this.#bytes = bytes;
    this.#from ??= bytes;
    const now = performance.now();
    if (now - this.#shownAt < everyMs) return;
    this.#shownAt = now;
    showProgress(this.#line());
  };

  /** Removes the line. @returns the summary */
  finish(): string {
    clearProgress();
    const { seconds, rate } = this.#pace();
    return `${sizeText(this.#size)} in ${seconds.toFixed(1)} s, ${sizeText(rate)}/s`;
  }

  #pace(): { seconds: number; rate: number } {
    const seconds = (performance.now() - this.#begin) / 1000;
    return { seconds, rate: (this.#bytes - (this.#from ?? 0)) / Math.max(seconds, 0.001) };
  }

  #line(): string {
    const { rate } = this.#pace();
    const part = this.#size === 0 ? 1 : this.#bytes / this.#size;
    const filled = Math.round(part * 20);
    const left = rate > 0 ? `, ${Math.ceil((this.#size - this.#bytes) / rate)} s left` : '';
    const bar = '#'.repeat(filled) + '.'.repeat(20 - filled);
    return `${this.#name} [${bar}] ${Math.floor(part * 100)} % of ${sizeText(this.#size)}, ${sizeText(rate)}/s${left}`;
  }
}

function sizeText(bytes: number): string {
  if (bytes < 1_000) return `${Math.round(bytes)} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  return bytes < 1_000_000_000
    ? `${(bytes / 1_000_000).toFixed(1)} MB`
    : `${(bytes / 1_000_000_000).toFixed(2)} GB`;
}
