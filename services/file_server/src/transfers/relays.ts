import { every, type Kit } from '@teamtalk/service-kit';
import type { FileServerConfig } from '../config.js';
import type { FileServerMetrics } from '../metrics.js';
import type { Task, TaskStore } from '../tasks/task-store.js';
import type { Line, Participant, State } from './participant.js';
import { Relay } from './relay.js';
import { RelayReceiver, RelaySender } from './relay-sides.js';

/** A transfer that ended at this file_server. */
export interface EndedTransfer {
  task: Task;
  state: State;
  /** the user who ended it */
  by: number;
  /** the other user, if they may not have been told yet */
  unconfirmed: number | undefined;
  /** performance.now() */
  at: number;
}

/**
 * How long an end is remembered, milliseconds: a client that is just logging in, or reconnects, is told how the transfer
 * ended instead of waiting for a peer that will not come.
 */
const rememberMs = 60_000;
const maxRemembered = 10_000;

/** The online transfers with a client at this file_server. */
export class Relays {
  readonly #relays = new Map<string, Relay>();
  /** In order of their end. */
  readonly #ended = new Map<string, EndedTransfer>();
  readonly #config: FileServerConfig;
  readonly #tasks: TaskStore;
  readonly #metrics: FileServerMetrics;
  readonly #kit: Kit;
  readonly #stopExtending: () => Promise<void>;

  constructor(config: FileServerConfig, tasks: TaskStore, metrics: FileServerMetrics, kit: Kit) {
    this.#config = config;
    this.#tasks = tasks;
    this.#metrics = metrics;
    this.#kit = kit;
    // Two connected sides count as progress, so that a long transfer does not expire.
    this.#stopExtending = every(Math.ceil(config.tasks.unfinishedMs / 4), () => this.#extend());
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

  /** The relay of a task; created for the first side to connect. */
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

  /** How a transfer ended, if it ended here recently. */
  ended(taskId: string): EndedTransfer | undefined {
    return this.#ended.get(taskId);
  }

  stop(): void {
    void this.#stopExtending();
  }

  async #end(taskId: string): Promise<void> {
    try {
      await this.#tasks.end(taskId);
    } catch (error) {
      this.#kit.log.warn({ err: error, taskId }, 'ending task of finished transfer failed');
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
        this.#kit.log.warn({ err: error, taskId: id }, 'extending transfer expiry failed');
      });
    }
  }
}
