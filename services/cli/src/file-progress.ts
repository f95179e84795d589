import path from 'node:path';
import { clearProgress, showProgress } from './output.js';

/** Milliseconds between two changes of the line that shows progress. */
const everyMs = 100;

/** Shows on a terminal how far a file has come: part, rate, time left. */
export class FileProgress {
  readonly #name: string;
  readonly #size: number;
  readonly #from: number;
  readonly #begin = performance.now();
  #shownAt = 0;
  #bytes: number;

  /** @param from bytes that were over before */
  constructor(name: string, size: number, from = 0) {
    this.#name = plainName(name);
    this.#size = size;
    this.#from = from;
    this.#bytes = from;
  }

  readonly update = (bytes: number): void => {
    this.#bytes = bytes;
    const now = performance.now();
    if (now - this.#shownAt < everyMs) return;
    this.#shownAt = now;
    showProgress(this.#line(now));
  };

  /** Takes the line away. @returns what there is to say at the end */
  finish(): string {
    clearProgress();
    const seconds = (performance.now() - this.#begin) / 1000;
    const rate = (this.#bytes - this.#from) / Math.max(seconds, 0.001);
    return `${sizeText(this.#size)} in ${seconds.toFixed(1)} s, ${sizeText(rate)}/s`;
  }

  #line(now: number): string {
    const seconds = (now - this.#begin) / 1000;
    const rate = (this.#bytes - this.#from) / Math.max(seconds, 0.001);
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

const maxNameBytes = 200;

/**
 * A stranger's name for a file as one of ours: the last part of what may look like a path, without control
 * characters, never hidden, never empty, never too long for a file system.
 */
export function plainName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  let plain = last
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029:*?"<>|]/gu, '_')
    .replace(/^[.\s]+/, '')
    .trimEnd();
  while (Buffer.byteLength(plain) > maxNameBytes) plain = plain.slice(0, -1);
  return plain || 'file';
}

/** `name` in `folder`, or `name (2)` and so on where that is taken. */
export function freePath(folder: string, name: string, isTaken: (file: string) => boolean): string {
  const { name: stem, ext } = path.parse(name);
  for (let n = 1; ; n++) {
    const file = path.join(folder, n === 1 ? name : `${stem} (${n})${ext}`);
    if (!isTaken(file)) return file;
  }
}
