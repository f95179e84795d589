import { Commands } from '@teamtalk/protocol';
import type { CloseReason, FileServerMetrics } from '../metrics.js';
import type { Task } from '../tasks/task-store.js';
import {
  CLIENT_FILE_CANCEL,
  CLIENT_FILE_DONE,
  CLIENT_FILE_PEER_READY,
  CLIENT_FILE_REFUSE,
  type Line,
  maxPulls,
  type PullReply,
  type PullRequest,
  type State,
} from './participant.js';
import { checkPull, type Pull, pullErrors, refusePull } from './pulls.js';

/** Maximum overhead of a 0x0505 besides its data, bytes; one with more is re-encoded instead of forwarded. */
const maxOverhead = 144;

/** The reason for closing a connection after it has been sent this state. */
export const endReasons: Partial<Record<State, CloseReason>> = {
  [CLIENT_FILE_CANCEL]: 'cancelled',
  [CLIENT_FILE_REFUSE]: 'rejected',
  [CLIENT_FILE_DONE]: 'done',
};

export interface RelayOptions {
  metrics: FileServerMetrics;
  /** how long one side waits for the other to reconnect, milliseconds */
  peerGraceMs: number;
  /** how long one side waits for the other to connect at all, milliseconds */
  waitMs: number;
  /**
   * The transfer has ended, successfully or not: no further login is accepted.
   * @param unconfirmed the other user, who may not have been told
   */
  onEnded: (state: State, by: number, unconfirmed: number | undefined) => void;
  /** No client is connected any more. */
  onEmpty: () => void;
}

/**
 * An online transfer: the receiver pulls, the sender answers, nothing is stored. When one side's connection breaks the
 * other one waits for a while; a side that reconnects continues where it was. Pulls that the sender has not answered are
 * repeated on its next connection; answers to pulls of a receiver's earlier connection are dropped.
 */
export class Relay {
  readonly #task: Task;
  readonly #options: RelayOptions;
  #sender: Line | undefined;
  #receiver: Line | undefined;
  /** In the order of the pulls, which is also that of the sender's answers. */
  #pulls: WaitingPull[] = [];
  /** Whether the receiver's current connection has been told to pull. */
  #toldReady = false;
  #met = false;
  #over = false;
  /** Bytes from the beginning that the receiver has been sent. */
  #reached = 0;
  /** performance.now() when the receiver was last sent something. */
  #servedAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(task: Task, options: RelayOptions) {
    this.#task = task;
    this.#options = options;
  }

  get bothThere(): boolean {
    return this.#sender !== undefined && this.#receiver !== undefined;
  }

  /** The sender has connected; an earlier connection of theirs is closed. */
  joinAsSender(line: Line): void {
    const former = this.#sender;
    this.#sender = line;
    former?.end('replaced');
    this.#pulls = this.#pulls.filter(({ dropped }) => !dropped);
    for (const pull of this.#pulls) this.#forward(pull);
    this.#joined();
  }

  /** The receiver has connected; an earlier connection of theirs is closed. */
  joinAsReceiver(line: Line): void {
    const former = this.#receiver;
    this.#receiver = line;
    this.#toldReady = false;
    former?.end('replaced');
    this.#dropPulls();
    this.#joined();
  }

  leave(line: Line): void {
    if (line === this.#sender) this.#sender = undefined;
    else if (line === this.#receiver) {
      this.#receiver = undefined;
      this.#dropPulls();
    } else return;
    clearTimeout(this.#timer);
    const left = this.#sender ?? this.#receiver;
    if (!left) this.#options.onEmpty();
    else if (!this.#over)
      this.#waitFor(line.userId, this.#met ? this.#options.peerGraceMs : this.#options.waitMs);
  }

  /** performance.now() since which a block is due from the sender. */
  get owedSince(): number | undefined {
    return this.#pulls[0]?.askedAt;
  }

  /** performance.now() since which it is the receiver's turn. */
  get receiversTurn(): number | undefined {
    return this.bothThere && this.#pulls.length === 0 ? this.#servedAt : undefined;
  }

  pull(line: Line, request: PullRequest, seqNum: number): void {
    const pull = checkPull(request, seqNum, this.#task.fileSize);
    if (typeof pull === 'number') {
      refusePull(line, request, seqNum, pull);
    } else if (this.#pulls.filter(({ dropped }) => !dropped).length >= maxPulls) {
      refusePull(line, request, seqNum, pullErrors.badRange, 'too_many_pulls');
    } else {
      this.#pulls.push(pull);
      if (this.#sender) this.#forward(pull);
    }
  }

  /** The sender's next block: the answer to the oldest pull, of exactly that size. */
  data(line: Line, reply: PullReply, frame: Buffer): void {
    const pull = this.#pulls[0];
    const { resultCode, offset, fileData } = reply;
    const fits = pull && offset === pull.offset && fileData.length === (resultCode === 0 ? pull.size : 0);
    if (!fits) {
      line.end('bad_data');
      return;
    }
    this.#pulls.shift();
    // The deadline of the next block starts now.
    const [next] = this.#pulls;
    if (next) next.askedAt = performance.now();
    if (pull.dropped || !this.#receiver) return;
    this.#reached = Math.max(this.#reached, offset + fileData.length);
    this.#servedAt = performance.now();
    this.#options.metrics.bytes.inc({ way: 'online' }, fileData.length);
    // Forwarded without re-encoding where possible.
    if (reply.userId === line.userId && frame.length <= fileData.length + maxOverhead) {
      this.#receiver.passOn(frame, Commands.FilePullDataRsp.id, pull.seqNum);
    } else {
      this.#receiver.send({ resultCode, userId: line.userId, offset, fileData }, pull.seqNum);
    }
  }

  /** One side ends the transfer; the other side is told. */
  end(line: Line, state: State): void {
    this.#over = true;
    clearTimeout(this.#timer);
    const other = line === this.#sender ? this.#receiver : this.#sender;
    const reason = endReasons[state] ?? 'cancelled';
    if (state === CLIENT_FILE_DONE) this.#options.metrics.finished.inc({ way: 'online' });
    const otherUser = line === this.#sender ? this.#task.toUserId : this.#task.fromUserId;
    // The sender's connection may be broken without showing yet; the sender must still learn that the transfer is done.
    const isTold = other !== undefined && state !== CLIENT_FILE_DONE;
    this.#options.onEnded(state, line.userId, isTold ? undefined : otherUser);
    other?.send({ state, userId: line.userId });
    other?.end(reason);
    line.end(reason);
  }

  /** Whether the receiver has been sent everything. */
  get allSent(): boolean {
    return this.#reached >= this.#task.fileSize;
  }

  #joined(): void {
    clearTimeout(this.#timer);
    if (!this.#sender || !this.#receiver) {
      const absent = this.#sender ? this.#task.toUserId : this.#task.fromUserId;
      this.#waitFor(absent, this.#met ? this.#options.peerGraceMs : this.#options.waitMs);
      return;
    }
    this.#met = true;
    if (this.#toldReady) return;
    this.#toldReady = true;
    this.#servedAt = performance.now();
    this.#receiver.send({ state: CLIENT_FILE_PEER_READY, userId: this.#task.fromUserId });
  }

  /** Cancels the transfer for a side that has waited long enough. It may be started again. */
  #waitFor(userId: number, ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const waiting = this.#sender ?? this.#receiver;
      waiting?.send({ state: CLIENT_FILE_CANCEL, userId });
      waiting?.end(this.#met ? 'peer_gone' : 'expired');
    }, ms);
  }

  #forward(pull: WaitingPull): void {
    const { offset, size } = pull;
    pull.askedAt = performance.now();
    this.#sender?.send({ pull: { offset, dataSize: size, userId: this.#task.toUserId } });
  }

  /** The receiver that sent these pulls is gone. */
  #dropPulls(): void {
    for (const pull of this.#pulls) pull.dropped = true;
  }
}

interface WaitingPull extends Pull {
  /** performance.now() when the sender was sent the pull; undefined: not yet, it is not connected */
  askedAt?: number;
  /** whether the answer is no longer needed */
  dropped?: boolean;
}
