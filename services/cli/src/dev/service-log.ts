import { type FileHandle, mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { problemLine } from './problem-line.js';

/** A file larger than this, bytes, is put aside (one generation is kept) when its service starts. */
const rotateBytes = 20 * 1024 * 1024;
/** One that grows larger than this while its service runs is emptied: a bound, for debug levels. */
const emptyBytes = 200 * 1024 * 1024;
/** Different problem lines of one service shown at a time; the rest is counted. */
const shownPerLook = 5;
const readBytes = 256 * 1024;

/**
 * The log file of one replica. The service writes to it itself, so that it does not depend on us; `look`,
 * called now and then, shows what is new and bad in it.
 */
export class ServiceLog {
  readonly file: string;
  readonly #name: string;
  readonly #show: (line: string) => void;
  #offset = 0;
  #partial = '';

  constructor(folder: string, name: string, show: (line: string) => void) {
    this.file = path.join(folder, `${name}.log`);
    this.#name = name;
    this.#show = show;
  }

  /** For a starting process to append to. */
  async open(): Promise<FileHandle> {
    await mkdir(path.dirname(this.file), { recursive: true });
    if ((await this.#size()) > rotateBytes) await rename(this.file, `${this.file}.1`);
    this.#offset = await this.#size();
    this.#partial = '';
    return open(this.file, 'a');
  }

  /** Shows the warnings and errors written since the last look, the first few of them. */
  async look(): Promise<void> {
    const counts = new Map<string, number>();
    for (const line of await this.#newLines()) {
      const problem = problemLine(line);
      if (problem) counts.set(problem, (counts.get(problem) ?? 0) + 1);
    }
    for (const [problem, count] of [...counts].slice(0, shownPerLook)) {
      this.#show(`${this.#name} ${problem}${count > 1 ? ` (${count} times)` : ''}`);
    }
    const more = counts.size - shownPerLook;
    if (more > 0) this.#show(`${this.#name} … and ${more} more in ${this.file}`);
  }

  /** The last lines, for a message about a service that does not come up. */
  async end(lines = 12): Promise<string> {
    const text = await readFile(this.file, 'utf8').catch(() => '');
    return text.trimEnd().split('\n').slice(-lines).join('\n');
  }

  async #newLines(): Promise<string[]> {
    const size = await this.#size();
    if (size < this.#offset) this.#offset = 0;
    if (size === this.#offset) return [];
    const file = await open(this.file, 'r+');
    try {
      // Nobody reads more than that at once; only the newest part is examined.
      const start = Math.max(this.#offset, size - readBytes);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
      this.#offset = size;
      const lines = (this.#partial + buffer.subarray(0, bytesRead).toString('utf8')).split('\n');
      this.#partial = lines.pop() ?? '';
      if (size > emptyBytes) {
        await file.truncate(0);
        this.#offset = 0;
        this.#partial = '';
      }
      return lines;
    } finally {
      await file.close();
    }
  }

  async #size(): Promise<number> {
    return stat(this.file).then(
      ({ size }) => size,
      () => 0,
    );
  }
}
