import { type FileHandle, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import type { OutboxStorage, StoredMessage } from './storage.js';

/** Number of lines of removed messages after which the file is rewritten. */
const maxDeadLines = 1_000;

/**
 * Keeps the messages of one outbox in a file, with a line of JSON for each put or removal. The file belongs to one
 * process at a time.
 */
export class FileStorage implements OutboxStorage {
  readonly #file: string;
  /** Lines of messages put and not removed, by key. */
  readonly #lines = new Map<string, string>();
  #handle: FileHandle | undefined;
  #deadLines = 0;
  /** The last write; writes run one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param file created if missing; its folder has to exist */
  constructor(file: string) {
    this.#file = file;
  }

  /** @throws Error of the file system, or when a line is not JSON, except the last one, which a crash may have torn */
  async load(): Promise<StoredMessage[]> {
    const text = await readFile(this.#file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    for (const line of whole.split('\n')) {
      if (line === '') continue;
      const { key, data } = JSON.parse(line) as { key: string; data?: string };
      if (data === undefined) this.#lines.delete(key);
      else this.#lines.set(key, line);
    }
    await this.#rewrite();
    return [...this.#lines.values()].map(messageOf);
  }

  put(message: StoredMessage): Promise<void> {
    const { key, session, type, data } = message;
    const line = JSON.stringify({ key, session, type, data: Buffer.from(data).toString('base64') });
    return this.#inTurn(async () => {
      this.#lines.set(key, line);
      await this.#append(line);
      await this.#handle?.datasync();
    });
  }

  remove(key: string): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#lines.delete(key)) return;
      await this.#append(JSON.stringify({ key }));
      if (++this.#deadLines >= maxDeadLines) await this.#rewrite();
    });
  }

  /** Closes the file after pending writes. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#handle?.close();
      this.#handle = undefined;
    });
  }

  #inTurn(write: () => Promise<void>): Promise<void> {
    const done = this.#last.then(write);
    this.#last = done.catch(() => {});
    return done;
  }

  async #append(line: string): Promise<void> {
    if (!this.#handle) throw new Error(`${this.#file} is not open`);
    await this.#handle.appendFile(`${line}\n`);
  }

  async #rewrite(): Promise<void> {
    const next = `${this.#file}.new`;
    const handle = await open(next, 'w', 0o600);
    await handle.writeFile([...this.#lines.values()].map((line) => `${line}\n`).join(''));
    await handle.sync();
    await rename(next, this.#file);
    await syncFolder(path.dirname(this.#file));
    await this.#handle?.close();
    this.#handle = handle;
    this.#deadLines = 0;
  }
}

/** Makes a new name outlive a power failure. */
async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open folders.
  if (process.platform === 'win32') return;
  const handle = await open(folder);
  await handle.sync();
  await handle.close();
}

function messageOf(line: string): StoredMessage {
  const { data, ...fields } = JSON.parse(line) as Omit<StoredMessage, 'data'> & { data: string };
  return { ...fields, data: Buffer.from(data, 'base64') };
}
