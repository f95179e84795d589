import type { Kit } from '@teamtalk/service-kit';
import type { FileServerConfig } from '../config.js';
import type { FileServerMetrics } from '../metrics.js';
import type { Task, TaskStore } from '../tasks/task-store.js';
import { Relay } from './relay.js';

/** The online transfers somebody is connected for, at this file_server. */
export class Relays {
  readonly #relays = new Map<string, Relay>();
  readonly #ending = new Set<string>();
  readonly #config: FileServerConfig;
  readonly #tasks: TaskStore;
  readonly #metrics: FileServerMetrics;
  readonly #kit: Kit;
  readonly #timer: NodeJS.Timeout;

  constructor(config: FileServerConfig, tasks: TaskStore, metrics: FileServerMetrics, kit: Kit) {
    this.#config = config;
    this.#tasks = tasks;
    this.#metrics = metrics;
    this.#kit = kit;
    // Both sides there is progress enough: a long transfer is not over after an hour.
    this.#timer = setInterval(() => this.#extend(), Math.ceil(config.tasks.unfinishedMs / 4));
  }

  get size(): number {
    return this.#relays.size;
  }

  /** The relay of a task; a new one for the first who comes. */
  of(task: Task): Relay {
    const known = this.#relays.get(task.id);
    if (known) return known;
    const relay: Relay = new Relay(task, {
      metrics: this.#metrics,
      peerGraceMs: this.#config.timeouts.peerGraceMs,
      waitMs: this.#config.tasks.unfinishedMs,
      onEnded: () => {
        this.#forget(task.id, relay);
        void this.#end(task.id);
      },
      onEmpty: () => this.#forget(task.id, relay),
    });
    this.#relays.set(task.id, relay);
    return relay;
  }

  /** Whether this transfer was ended here and the others are just being told. */
  isEnding(taskId: string): boolean {
    return this.#ending.has(taskId);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #end(taskId: string): Promise<void> {
    this.#ending.add(taskId);
    try {
      await this.#tasks.end(taskId);
    } catch (error) {
      this.#kit.log.warn({ err: error, taskId }, 'a transfer is over, but its task could not be ended');
    } finally {
      this.#ending.delete(taskId);
    }
  }

  #forget(taskId: string, relay: Relay): void {
    if (this.#relays.get(taskId) === relay) this.#relays.delete(taskId);
  }

  #extend(): void {
    for (const [id, relay] of this.#relays) {
      if (!relay.bothThere) continue;
      this.#tasks.extend(id).catch((error: unknown) => {
        this.#kit.log.warn({ err: error, taskId: id }, 'the time of a transfer could not be extended');
      });
    }
  }
}
