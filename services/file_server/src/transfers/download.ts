import type { Context } from '../context.js';
import type { Part, Task } from '../tasks/task-store.js';
import type { Outcome } from './awaited-uploads.js';
import { PartReader } from './part-reader.js';
import {
  CLIENT_FILE_CANCEL,
  CLIENT_FILE_DONE,
  type Line,
  maxPulls,
  type Participant,
  type PullRequest,
  type State,
} from './participant.js';
import { checkPull, type Pull, pullErrors, refusePull } from './pulls.js';
import { DamagedPart } from './stored-parts.js';

/**
 * An offline download: the receiver pulls blocks from any offset. They are read one after the other, each when the previous
 * one has been sent, so a slow receiver costs one block and one piece of a part. The file does not expire meanwhile.
 * Windows connects once, as soon as a file is offered: its pulls then wait until the upload is complete
 * (client-behaviour.md#offline-downloads).
 */
export class Download implements Participant {
  readonly owedSince = undefined;
  readonly #context: Context;
  readonly #line: Line;
  #task: Task;
  /** Undefined until the upload is complete. */
  #reader: PartReader | undefined;
  #stopWaiting: (() => void) | undefined;
  readonly #pulls: Pull[] = [];
  #serving = false;
  #servedAt = performance.now();
  /** performance.now() at which the file expires. */
  #goesAt = Number.POSITIVE_INFINITY;

  constructor(context: Context, line: Line, task: Task, parts: readonly Part[]) {
    this.#context = context;
    this.#line = line;
    this.#task = task;
    if (task.complete) this.#begin(task, parts);
    else this.#stopWaiting = context.awaitedUploads.wait(task.id, (outcome) => this.#settle(outcome));
  }

  get idleSince(): number | undefined {
    return this.#serving || !this.#reader ? undefined : this.#servedAt;
  }

  /** Whatever the state, the file stays until the receiver takes it off their list (0x050c) or it expires. */
  onState(state: State): void {
    this.#line.end(state === CLIENT_FILE_DONE ? 'done' : 'cancelled');
  }

  onPull(request: PullRequest, seqNum: number): void {
    const pull = checkPull(request, seqNum, this.#task.fileSize);
    if (typeof pull === 'number') {
      refusePull(this.#line, request, seqNum, pull);
    } else if (this.#pulls.length >= maxPulls) {
      refusePull(this.#line, request, seqNum, pullErrors.badRange, 'too_many_pulls');
    } else {
      this.#pulls.push(pull);
      if (this.#reader && !this.#serving) void this.#serve(this.#reader);
    }
  }

  onData(): void {
    this.#line.end('wrong_role');
  }

  onClosed(): void {
    this.#stopWaiting?.();
    void this.#reader?.close();
  }

  #begin(task: Task, parts: readonly Part[]): PartReader {
    this.#task = task;
    if (task.leftMs > 0) this.#goesAt = performance.now() + task.leftMs;
    this.#servedAt = performance.now();
    this.#reader = new PartReader(this.#context.store, parts, this.#context.readAhead);
    return this.#reader;
  }

  /** The upload is complete, or never will be. */
  #settle(outcome: Outcome): void {
    if (this.#line.closed) return;
    if (outcome === 'over') {
      this.#line.send({ state: CLIENT_FILE_CANCEL, userId: this.#task.fromUserId });
      this.#line.end('expired');
      return;
    }
    const reader = this.#begin(outcome.task, outcome.parts);
    if (this.#pulls.length > 0) void this.#serve(reader);
  }

  /** Never throws. */
  async #serve(reader: PartReader): Promise<void> {
    this.#serving = true;
    for (let pull = this.#pulls[0]; pull && !this.#line.closed; pull = this.#pulls[0]) {
      try {
        await this.#answer(reader, pull);
      } catch (error) {
        this.#fail(error, pull);
      }
      this.#pulls.shift();
    }
    this.#servedAt = performance.now();
    this.#serving = false;
  }

  async #answer(reader: PartReader, { offset, size, seqNum }: Pull): Promise<void> {
    const { userId } = this.#line;
    this.#keep();
    const fileData = await reader.read(offset, size);
    this.#line.send({ resultCode: 0, userId, offset, fileData }, seqNum);
    this.#context.metrics.bytes.inc({ way: 'download' }, size);
    if (offset + size === this.#task.fileSize) {
      this.#context.metrics.finished.inc({ way: 'download' });
      this.#line.send({ state: CLIENT_FILE_DONE, userId });
    }
    await this.#line.drained();
  }

  /** A download gets as much time per block as an upload. */
  #keep(): void {
    const { tasks, config, kit } = this.#context;
    const { unfinishedMs } = config.tasks;
    const now = performance.now();
    // A quarter of the time, so that not every block extends it.
    if (this.#goesAt - now > unfinishedMs * 0.75) return;
    this.#goesAt = now + unfinishedMs;
    tasks.extend(this.#task.id).catch((error: unknown) => {
      kit.log.warn({ err: error, taskId: this.#task.id }, 'extending file expiry failed');
    });
  }

  #fail(error: unknown, { offset, seqNum }: Pull): void {
    if (this.#line.closed) return;
    const { kit, metrics } = this.#context;
    if (error instanceof DamagedPart) metrics.damaged.inc();
    kit.log.error({ err: error, taskId: this.#task.id }, 'reading offline file failed');
    refusePull(this.#line, { offset }, seqNum, pullErrors.unreadable, 'read_failed');
  }
}
