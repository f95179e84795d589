import { randomUUID } from 'node:crypto';

/** What a file_server knows of a transfer before it begins. */
export interface FileTask {
  /** A UUID of 122 random bits: who has it was told it. */
  readonly id: string;
  readonly fromUserId: number;
  readonly toUserId: number;
  /** what the sender's client calls the file; never a path here */
  readonly fileName: string;
  /** bytes */
  readonly fileSize: number;
  /** TransferFileType: 1 online, 2 offline */
  readonly transMode: number;
}

/**
 * The transfers this file_server was asked for. They are in memory only: a task ends with its time, which is
 * the same for all, or with the process.
 */
export class FileTasks {
  readonly #limits: { tasks: number; taskMs: number };
  readonly #now: () => number;
  /** the oldest first */
  readonly #tasks = new Map<string, { task: FileTask; expires: number }>();

  /**
   * @param limits `tasks` at most at a time, and milliseconds each has
   * @param now milliseconds of a monotonic clock
   */
  constructor(limits: { tasks: number; taskMs: number }, now = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
  }

  get size(): number {
    this.#forgetExpired();
    return this.#tasks.size;
  }

  /** @returns undefined when there are too many */
  create(wanted: Omit<FileTask, 'id'>): FileTask | undefined {
    if (this.size >= this.#limits.tasks) return undefined;
    const task = { ...wanted, id: randomUUID() };
    this.#tasks.set(task.id, { task, expires: this.#now() + this.#limits.taskMs });
    return task;
  }

  #forgetExpired(): void {
    const now = this.#now();
    for (const [id, { expires }] of this.#tasks) {
      if (expires > now) break;
      this.#tasks.delete(id);
    }
  }
}
