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

/** Bytes a 0x0505 has besides its data, header included, at most; one with more is written anew instead of passed on. */
const maxOverhead = 144;

/** Why a connection is closed after this state was told to it. */
export const endReasons: Partial<Record<State, CloseReason>> = {
  [CLIENT_FILE_CANCEL]: 'cancelled',
  [CLIENT_FILE_REFUSE]: 'rejected',
  [CLIENT_FILE_DONE]: 'done',
};

export interface RelayOptions {
  metrics: FileServerMetrics;
  /** milliseconds one side waits for the other to come back */
  peerGraceMs: number;
  /** milliseconds one side waits for the other to come at all */
  waitMs: number;
  /**
   * The transfer is over, well or not: nobody is to log in for it any more.
   * @param untold the other user, where he may not have heard of it
   */
  onEnded: (state: State, by: number, unconfirmed: number | undefined) => void;
  /** Nobody is connected any more. */
  onEmpty: () => void;
}

/**
 * An online transfer: the receiver pulls, the sender answers, nothing is kept. When one side's connection
 * breaks the other one waits for a while; whoever comes back goes on where he was. Pulls that the sender had
 * not answered are asked of his next connection; answers to pulls of a receiver's former connection are
 * dropped.
 */
export class Relay {
  readonly #task: Task;
  readonly #options: RelayOptions;
  #sender: Line | undefined;
  #receiver: Line | undefined;
  /** In the order they were asked in, which is the order the sender answers in. */
  #pulls: WaitingPull[] = [];
  /** Whether the receiver's present connection knows that it may pull. */
  #toldReady = false;
  #met = false;
  #over = false;
  /** How far the receiver has got blocks, bytes from the beginning. */
  #reached = 0;
  /** When the receiver was last told or given something. */
  #servedAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(task: Task, options: RelayOptions) {
    this.#task = task;
    this.#options = options;
  }

  get bothThere(): boolean {
    return this.#sender !== undefined && this.#receiver !== undefined;
  }

  /** The sender is there; a former connection of theirs is closed. */
  joinAsSender(line: Line): void {
    const former = this.#sender;
    this.#sender = line;
    former?.end('replaced');
    this.#pulls = this.#pulls.filter(({ dropped }) => !dropped);
    for (const pull of this.#pulls) this.#forward(pull);
    this.#joined();
  }

  /** The receiver is there; a former connection of theirs is closed. */
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

  /** Since when the sender owes a block. */
  get owedSince(): number | undefined {
    return this.#pulls[0]?.askedAt;
  }

  /** Since when it is the receiver's turn. */
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

  /** The sender's next block: the answer to the oldest pull, exactly as large as that. */
  data(line: Line, reply: PullReply, frame: Buffer): void {
    const pull = this.#pulls[0];
    const { resultCode, offset, fileData } = reply;
    const fits = pull && offset === pull.offset && fileData.length === (resultCode === 0 ? pull.size : 0);
    if (!fits) {
      line.end('bad_data');
      return;
    }
    this.#pulls.shift();
    if (pull.dropped || !this.#receiver) return;
    this.#reached = Math.max(this.#reached, offset + fileData.length);
    this.#servedAt = performance.now();
    this.#options.metrics.bytes.inc({ way: 'online' }, fileData.length);
    // As it came, where that is what is to be said: the block is not copied.
    if (reply.userId === line.userId && frame.length <= fileData.length + maxOverhead) {
      this.#receiver.passOn(frame, Commands.FilePullDataRsp.id, pull.seqNum);
    } else {
      this.#receiver.send({ resultCode, userId: line.userId, offset, fileData }, pull.seqNum);
    }
  }

  /** One side ends the transfer; the other one is told. */
  end(line: Line, state: State): void {
    this.#over = true;
    clearTimeout(this.#timer);
    const other = line === this.#sender ? this.#receiver : this.#sender;
    const reason = endReasons[state] ?? 'cancelled';
    if (state === CLIENT_FILE_DONE) this.#options.metrics.finished.inc({ way: 'online' });
    const otherUser = line === this.#sender ? this.#task.toUserId : this.#task.fromUserId;
    // A sender whose connection is broken, which does not show yet, is not to take what is done for lost.
    const isTold = other !== undefined && state !== CLIENT_FILE_DONE;
    this.#options.onEnded(state, line.userId, isTold ? undefined : otherUser);
    other?.send({ state, userId: line.userId });
    other?.end(reason);
    line.end(reason);
  }

  /** Whether everything has been given to the receiver. */
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

  /** The other side is told that it is off, when it has waited long enough. It may be begun again. */
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

  /** The receiver they were asked by is gone. */
  #dropPulls(): void {
    for (const pull of this.#pulls) pull.dropped = true;
  }
}

interface WaitingPull extends Pull {
  /** when the sender was asked; undefined: not yet, he is not there */
  askedAt?: number;
  /** whether nobody waits for the answer any more */
  dropped?: boolean;
}
