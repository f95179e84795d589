import { createHash } from 'node:crypto';
import type { Context } from '../context.js';
import { newPartKey } from '../tasks/part-key.js';
import type { Part, Task } from '../tasks/task-store.js';
import { PartWriter } from './part-writer.js';
import {
  blockBytes,
  CLIENT_FILE_CANCEL,
  CLIENT_FILE_DONE,
  type Line,
  type Participant,
  type PullReply,
  type PullRequest,
  type State,
} from './participant.js';
import { pullErrors, refusePull } from './pulls.js';
import { checkPart, DamagedPart } from './stored-parts.js';

/** Maximum number of parts of one file; beyond it an interruption no longer stores a shorter part. */
const maxParts = 4_096;

/**
 * An offline upload: the server requests block after block. What it receives is stored in parts; a part counts once it is on
 * disk (or in the object store) and its record is committed. When the connection breaks, the received bytes of the next part
 * are stored as a shorter one. So an upload resumes where it broke, at any file_server, or at the end of the last part if
 * the file_server was killed. While one part is being stored the next one is received; there are never more than two.
 */
export class Upload implements Participant {
  readonly idleSince = undefined;
  owedSince: number | undefined;
  readonly #context: Context;
  readonly #line: Line;
  readonly #task: Task;
  #hash = createHash('sha256');
  #asked = { offset: 0, size: 0 };
  #writer: PartWriter | undefined;
  #storing: Promise<void> = Promise.resolve();
  #parts = 0;
  #hasBegun = false;
  #left: Promise<void> | undefined;

  constructor(context: Context, line: Line, task: Task) {
    this.#context = context;
    this.#line = line;
    this.#task = task;
  }

  /**
   * Requests the first missing block. `parts` is what an earlier upload of the task has stored. Never throws.
   */
  async begin(parts: readonly Part[]): Promise<void> {
    if (this.#task.complete) {
      this.#sayDone();
      return;
    }
    this.#parts = parts.length;
    this.#context.uploads.set(this.#task.id, this);
    await this.#guard(async () => {
      const offset = await this.#checkStored(parts);
      if (offset > 0) this.#context.metrics.resumed.inc();
      await this.#next(offset);
    });
  }

  onState(state: State): void {
    if (state === CLIENT_FILE_CANCEL) {
      this.#writer?.abort();
      this.#writer = undefined;
      void this.#guard(async () => {
        await this.#context.tasks.end(this.#task.id);
        this.#context.taskEnded(this.#task.id);
        this.#line.end('cancelled');
      });
    } else {
      this.#line.end('wrong_role');
    }
  }

  onPull(pull: PullRequest, seqNum: number): void {
    refusePull(this.#line, pull, seqNum, pullErrors.wrongRole, 'wrong_role');
  }

  onData({ resultCode, offset, fileData }: PullReply): void {
    if (resultCode !== 0) {
      this.#line.end('read_failed');
      return;
    }
    const { size } = this.#asked;
    if (this.owedSince === undefined || offset !== this.#asked.offset || fileData.length !== size) {
      this.#line.end('bad_data');
      return;
    }
    this.owedSince = undefined;
    const data = Buffer.from(fileData);
    void this.#guard(() => this.#take(offset, data));
  }

  onClosed(): void {
    void this.leave();
  }

  leave(): Promise<void> {
    this.#left ??= this.#storeRest();
    return this.#left;
  }

  /** With its first block an upload has the time of one in progress, also when its first part takes long to come. */
  async #extend(): Promise<void> {
    const { tasks, kit } = this.#context;
    try {
      await tasks.extend(this.#task.id);
    } catch (error) {
      kit.log.warn({ err: error, taskId: this.#task.id }, 'extending task failed');
    }
  }

  async #storeRest(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    this.#line.end('replaced');
    await this.#guard(async () => {
      if (writer && this.#parts >= maxParts) writer.abort();
      await this.#storing.catch(giveUp(writer));
      if (writer && this.#parts < maxParts) await this.#store(writer);
    });
    this.#context.uploads.delete(this.#task.id, this);
  }

  async #take(offset: number, data: Uint8Array): Promise<void> {
    const { store, config, metrics } = this.#context;
    this.#hash.update(data);
    metrics.bytes.inc({ way: 'upload' }, data.length);
    this.#writer ??= new PartWriter(store, newPartKey(this.#task.id, offset), offset);
    const writer = this.#writer;
    await writer.write(data);
    // The connection ended meanwhile, which has handled the part.
    if (this.#writer !== writer) return;
    const end = offset + data.length;
    if (!this.#hasBegun && end < this.#task.fileSize) {
      this.#hasBegun = true;
      // Before the parts, so that it does not shorten the time of a complete upload.
      this.#storing = this.#extend();
    }
    if (writer.size >= config.tasks.partBytes || end === this.#task.fileSize) {
      this.#writer = undefined;
      const before = this.#storing;
      this.#storing = before.then(() => this.#store(writer), giveUp(writer));
      // The next one to await it gets the error.
      this.#storing.catch(() => {});
      await before;
    }
    await this.#next(end);
  }

  /** Requests the block at `offset`, or finishes at the end of the file. */
  async #next(offset: number): Promise<void> {
    const size = Math.min(blockBytes, this.#task.fileSize - offset);
    if (size === 0) {
      await this.#storing;
      if (!(await this.#context.tasks.complete(this.#task.id, this.#hash.digest()))) throw new Overtaken();
      this.#sayDone();
      this.#context.taskEnded(this.#task.id);
      // The sender may have announced the file before it was complete.
      this.#context.announcements.check();
      return;
    }
    if (this.#line.closed) return;
    this.#asked = { offset, size };
    this.owedSince = performance.now();
    this.#line.send({ pull: { offset, dataSize: size, userId: this.#line.userId } });
  }

  async #store(writer: PartWriter): Promise<void> {
    const { tasks, store, config } = this.#context;
    const part = await writer.finish();
    this.#parts++;
    const { totalBytes } = config.tasks.quota;
    const outcome = await tasks.addPart(this.#task.id, part, totalBytes);
    if (outcome === 'added') return;
    await store.delete(part.key);
    throw outcome === 'full' ? new QuotaReached() : new Overtaken();
  }

  /** Rereads the stored parts for the hash of the whole file, and drops them from the first damaged one on. */
  async #checkStored(parts: readonly Part[]): Promise<number> {
    const { tasks, store, metrics, kit } = this.#context;
    let offset = 0;
    for (const part of parts) {
      if (this.#line.closed) return offset;
      const before = this.#hash.copy();
      try {
        await checkPart(store, part, (piece) => this.#hash.update(piece));
      } catch (error) {
        if (!(error instanceof DamagedPart)) throw error;
        metrics.damaged.inc();
        kit.log.error({ err: error, taskId: this.#task.id }, 'stored part damaged; requesting it again');
        if (!(await tasks.cut(this.#task.id, part.start))) throw new Overtaken();
        this.#hash = before;
        return offset;
      }
      offset = part.start + part.size;
    }
    return offset;
  }

  #sayDone(): void {
    this.#context.metrics.finished.inc({ way: 'upload' });
    this.#line.send({ state: CLIENT_FILE_DONE, userId: this.#task.fromUserId });
    this.#line.end('done');
  }

  /** A failure here ends the connection; the client may reconnect and resume. */
  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#writer?.abort();
      if (error instanceof Overtaken) {
        this.#line.end('overtaken');
      } else if (error instanceof QuotaReached) {
        this.#context.kit.log.info({ userId: this.#task.fromUserId }, 'total quota reached; ending upload');
        this.#line.end('quota');
      } else if (!this.#line.closed) {
        const { log } = this.#context.kit;
        log.error({ err: error, taskId: this.#task.id }, 'storing upload failed');
        this.#line.end('storage');
      }
    }
  }
}

/** Ends the part after one that could not be stored: otherwise its file would stay open. */
function giveUp(writer: PartWriter | undefined): (error: unknown) => never {
  return (error) => {
    writer?.abort();
    throw error;
  };
}

/** Another upload of the same task has stored this part, or the task has ended. */
class Overtaken extends Error {}

/** All offline files together have reached their quota; the upload may go on when there is room again. */
class QuotaReached extends Error {}
