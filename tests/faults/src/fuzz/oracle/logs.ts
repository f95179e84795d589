import { open, readdir } from 'node:fs/promises';
import path from 'node:path';

/** A line of a service's log. */
export interface LogLine {
  service: string;
  level: string;
  text: string;
  /** all of it */
  line: string;
}

/** What a process writes that is no line of its log, and no failure. */
const harmless = [/^\s*$/, /^\(Use `node --trace-warnings/, /ExperimentalWarning/];

/** Reads the logs of a folder as they grow. */
export class Logs {
  readonly #folder: string;
  readonly #read = new Map<string, { at: number; rest: string }>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The whole lines written since the last call. */
  async more(): Promise<LogLine[]> {
    const lines: LogLine[] = [];
    for (const name of await readdir(this.#folder)) {
      if (!name.endsWith('.log')) continue;
      for (const line of await this.#moreOf(name)) {
        if (!harmless.some((pattern) => pattern.test(line)))
          lines.push(parse(path.basename(name, '.log'), line));
      }
    }
    return lines;
  }

  async #moreOf(name: string): Promise<string[]> {
    const known = this.#read.get(name) ?? { at: 0, rest: '' };
    const file = await open(path.join(this.#folder, name));
    try {
      const { size } = await file.stat();
      const bytes = Buffer.alloc(size - known.at);
      await file.read(bytes, 0, bytes.length, known.at);
      const lines = (known.rest + bytes.toString()).split('\n');
      this.#read.set(name, { at: size, rest: lines.pop() ?? '' });
      return lines;
    } finally {
      await file.close();
    }
  }
}

function parse(service: string, line: string): LogLine {
  try {
    const { level, msg, err } = JSON.parse(line) as {
      level: string;
      msg?: string;
      err?: { message?: string };
    };
    // The same failure, whatever the values were.
    const reason = err?.message ? ` (${err.message.replace(/\d+|".*"/g, '…').slice(0, 80)})` : '';
    return { service, level, text: `${msg ?? ''}${level === 'warn' ? '' : reason}`, line };
  } catch {
    // The words of a process that dies, or a warning of Node's.
    return { service, level: 'unknown', text: line, line };
  }
}
