import type { Kit } from '@teamtalk/service-kit';
import type { Part, Task, TaskStore } from '../tasks/task-store.js';

/** The outcome of an upload: all of it is stored, or its task has ended. */
export type Outcome = { task: Task; parts: readonly Part[] } | 'over';

/** Poll interval of a task, milliseconds: doubles from the first value up to the last. */
const firstPollMs = 250;
const maxPollMs = 15_000;

/**
 * Downloads that began before their upload was complete. Each is told the outcome once: when a file_server publishes a
 * change, and by polling, in case an event is lost. The wait is bounded, because a task without progress expires (TASK_MS).
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

  /** @returns a function that cancels the wait */
  wait(taskId: string, settle: (outcome: Outcome) => void): () => void {
    const waiting: Waiting = { taskId, settle, timer: undefined, nextMs: firstPollMs, polling: false };
    const all = this.#waiting.get(taskId);
    if (all) all.add(waiting);
    else this.#waiting.set(taskId, new Set([waiting]));
    this.#schedulePoll(waiting);
    return () => this.#forget(waiting);
  }

  /** Called when a file_server has published a change of this upload. */
  changed(taskId: string): void {
    for (const waiting of this.#waiting.get(taskId) ?? []) void this.#poll(waiting);
  }

  #schedulePoll(waiting: Waiting): void {
    waiting.timer = setTimeout(() => void this.#poll(waiting), waiting.nextMs);
    waiting.nextMs = Math.min(2 * waiting.nextMs, maxPollMs);
  }

  /** Never throws. */
  async #poll(waiting: Waiting): Promise<void> {
    if (waiting.polling) {
      // The running query may return the state before this change.
      waiting.nextMs = firstPollMs;
      return;
    }
    waiting.polling = true;
    clearTimeout(waiting.timer);
    let outcome: Outcome | undefined;
    try {
      const found = await this.#tasks.findWithParts(waiting.taskId);
      if (!found) outcome = 'over';
      else if (found.task.complete) outcome = found;
    } catch (error) {
      this.#kit.log.debug({ err: error, taskId: waiting.taskId }, 'polling upload failed');
    }
    waiting.polling = false;
    if (!this.#waiting.get(waiting.taskId)?.has(waiting)) return;
    if (!outcome) {
      this.#schedulePoll(waiting);
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
  polling: boolean;
}
