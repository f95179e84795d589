import type { ProgressListener } from '../progress.js';
import type { TargetDatabase } from './database.js';

/** Milliseconds between writes. */
const everyMs = 2_000;

/** Columns of `import_progress`; times are milliseconds since 1970. */
export interface RecordedProgress {
  /** description of the current step; empty: nothing runs */
  step: string;
  done: number;
  /** 0: unknown */
  total: number;
  rowsBehind: number;
  messagesUntil: number | undefined;
  stateUntil: number | undefined;
  verifiedAt: number;
  unexplained: number;
}

const isTime = { messagesUntil: true, stateUntil: true, verifiedAt: true } as const;

/** Writes the progress of an import into the table `import_progress`, for the console, without delaying the import. */
export class ProgressRecord implements ProgressListener {
  readonly #database: TargetDatabase;
  readonly #source: string;
  #waiting: Partial<RecordedProgress> = {};
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  /** @param source name of the legacy database */
  constructor(database: TargetDatabase, source: string) {
    this.#database = database;
    this.#source = source;
  }

  tell(progress: Partial<RecordedProgress>): void {
    Object.assign(this.#waiting, progress);
    this.#timer ??= setTimeout(() => void this.#write(), everyMs);
  }

  /** Writes pending progress, and that nothing runs any more. */
  async end(): Promise<void> {
    if (!this.#timer && !this.#writing) return;
    Object.assign(this.#waiting, { step: '' });
    await this.#writing;
    await this.#write();
  }

  async #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const entries = Object.entries(this.#waiting);
    this.#waiting = {};
    const columns = entries.map(([name]) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
    const places = entries.map(([name], i) => (name in isTime ? `to_timestamp($${i + 2})` : `$${i + 2}`));
    const values = entries.map(([name, value]) =>
      name in isTime && typeof value === 'number' ? value / 1_000 : (value ?? null),
    );
    const sets = columns.map((column) => `${column} = excluded.${column}`);
    this.#writing = this.#database
      .rows(
        `INSERT INTO import_progress (${['source', ...columns].join(', ')}) VALUES (${['$1', ...places].join(', ')})
          ON CONFLICT (only_row) DO UPDATE SET ${['written_at = now()', ...sets].join(', ')}`,
        [this.#source, ...values],
      )
      // A database error also fails the import, which reports it.
      .then(
        () => {},
        () => {},
      );
    await this.#writing;
    this.#writing = undefined;
  }
}
