import type { Kit } from '@teamtalk/service-kit';
import type { Part, Task, TaskStore } from '../tasks/task-store.js';

/** What became of an upload: all of it is stored, or it is over and never will be. */
export type Outcome = { task: Task; parts: readonly Part[] } | 'over';

/** Milliseconds between two looks at a task: from the first to the last, each twice as long as the one before. */
const firstLookMs = 250;
const lastLookMs = 15_000;

/**
 * Downloads that began before their upload was complete. Each hears once what became of it: as soon as a file_server
 * says that something did, and by looking from time to time, whatever is lost on the way. A task has an end (TASK_MS
 * without progress), and so has the waiting for it.
 */
export class AwaitedUploads {
  readonly #tasks: Pick<TaskStore, 'findWithParts'>;
  readonly #kit: Pick<Kit, 'log'>;
  readonly #waiting = new Map<string, Set<Waiting>>();

  constructor(tasks: Pick<TaskStore, 'findWithParts'>, kit: Pick<Kit, 'log'>) {
    this.#tasks = tasks;
    this.#kit = kit;
  }

  get size(): number {
    let size = 0;
    for (const { size: each } of this.#waiting.values()) size += each;
    return size;
  }

  /** @returns how to give up waiting */
  wait(taskId: string, settle: (outcome: Outcome) => void): () => void {
    const waiting: Waiting = { taskId, settle, timer: undefined, nextMs: firstLookMs, looking: false };
    const all = this.#waiting.get(taskId);
    if (all) all.add(waiting);
    else this.#waiting.set(taskId, new Set([waiting]));
    this.#lookLater(waiting);
    return () => this.#forget(waiting);
  }

  /** Something became of this upload, at whichever file_server. */
  lookAt(taskId: string): void {
    for (const waiting of this.#waiting.get(taskId) ?? []) void this.#look(waiting);
  }

  #lookLater(waiting: Waiting): void {
    waiting.timer = setTimeout(() => void this.#look(waiting), waiting.nextMs);
    waiting.nextMs = Math.min(2 * waiting.nextMs, lastLookMs);
  }

  /** Never throws. */
  async #look(waiting: Waiting): Promise<void> {
    if (waiting.looking) {
      // What it finds may be from before what is heard of now.
      waiting.nextMs = firstLookMs;
      return;
    }
    waiting.looking = true;
    clearTimeout(waiting.timer);
    let outcome: Outcome | undefined;
    try {
      const found = await this.#tasks.findWithParts(waiting.taskId);
      if (!found) outcome = 'over';
      else if (found.task.complete) outcome = found;
    } catch (error) {
      this.#kit.log.debug({ err: error, taskId: waiting.taskId }, 'an awaited upload could not be looked up');
    }
    waiting.looking = false;
    if (!this.#waiting.get(waiting.taskId)?.has(waiting)) return;
    if (!outcome) {
      this.#lookLater(waiting);
      return;
    }
    this.#forget(waiting);
    waiting.settle(outcome);
  }

  #forget(waiting: Waiting): void {
    clearTimeout(waiting.timer);
    const all = this.#waiting.get(waiting.taskId);
    all?.delete(waiting);
    if (all?.size === 0) this.#waiting.delete(waiting.taskId);
  }
}

interface Waiting {
  readonly taskId: string;
  readonly settle: (outcome: Outcome) => void;
  timer: NodeJS.Timeout | undefined;
  nextMs: number;
  looking: boolean;
}
