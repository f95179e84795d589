import type { Kit } from '@teamtalk/service-kit';
import type { FileServerConfig } from '../config.js';
import type { FileServerMetrics } from '../metrics.js';
import type { Task, TaskStore } from '../tasks/task-store.js';
import type { Line, Participant, State } from './participant.js';
import { Relay } from './relay.js';
import { RelayReceiver, RelaySender } from './relay-sides.js';

/** A transfer that was ended here. */
export interface EndedTransfer {
  task: Task;
  state: State;
  /** the user who ended it */
  by: number;
  /** the other user, where he may not have heard of it yet */
  unconfirmed: number | undefined;
  /** milliseconds of the monotonic clock */
  at: number;
}

/**
 * How long an end is remembered, milliseconds: whoever is just logging in, or comes back after his connection broke,
 * is told how it ended in place of waiting for a peer who does not come any more.
 */
const rememberMs = 60_000;
const maxRemembered = 10_000;

/** The online transfers somebody is connected for, at this file_server. */
export class Relays {
  readonly #relays = new Map<string, Relay>();
  /** In the order in which they ended. */
  readonly #ended = new Map<string, EndedTransfer>();
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

  /** @returns the sender's side of the task's transfer */
  joinAsSender(task: Task, line: Line): Participant {
    const relay = this.#of(task);
    relay.joinAsSender(line);
    return new RelaySender(relay, line);
  }

  /** @returns the receiver's side of the task's transfer */
  joinAsReceiver(task: Task, line: Line): Participant {
    const relay = this.#of(task);
    relay.joinAsReceiver(line);
    return new RelayReceiver(relay, line);
  }

  /** The relay of a task; a new one for the first who comes. */
  #of(task: Task): Relay {
    const known = this.#relays.get(task.id);
    if (known) return known;
    const relay: Relay = new Relay(task, {
      metrics: this.#metrics,
      peerGraceMs: this.#config.timeouts.peerGraceMs,
      waitMs: this.#config.tasks.unfinishedMs,
      onEnded: (state, by, unconfirmed) => {
        this.#forget(task.id, relay);
        this.#remember({ task, state, by, unconfirmed, at: performance.now() });
        void this.#end(task.id);
      },
      onEmpty: () => this.#forget(task.id, relay),
    });
    this.#relays.set(task.id, relay);
    return relay;
  }

  /** How a transfer ended, when it was here and a short time ago. */
  ended(taskId: string): EndedTransfer | undefined {
    return this.#ended.get(taskId);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #end(taskId: string): Promise<void> {
    try {
      await this.#tasks.end(taskId);
    } catch (error) {
      this.#kit.log.warn({ err: error, taskId }, 'a transfer is over, but its task could not be ended');
    }
  }

  #remember(transfer: EndedTransfer): void {
    this.#ended.set(transfer.task.id, transfer);
    for (const [id, { at }] of this.#ended) {
      if (transfer.at - at < rememberMs && this.#ended.size <= maxRemembered) break;
      this.#ended.delete(id);
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
