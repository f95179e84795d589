import {
  CLIENT_FILE_CANCEL,
  CLIENT_FILE_DONE,
  CLIENT_FILE_PEER_READY,
  type Line,
  type Participant,
  type PullReply,
  type PullRequest,
  type State,
} from './participant.js';
import { pullErrors, refusePull } from './pulls.js';
import type { Relay } from './relay.js';

/** The sender's side: answers pulls. */
export class RelaySender implements Participant {
  readonly idleSince = undefined;
  readonly #relay: Relay;
  readonly #line: Line;

  constructor(relay: Relay, line: Line) {
    this.#relay = relay;
    this.#line = line;
  }

  get owedSince(): number | undefined {
    return this.#relay.owedSince;
  }

  onState(state: State): void {
    if (state === CLIENT_FILE_CANCEL) this.#relay.end(this.#line, state);
    else if (state === CLIENT_FILE_DONE && this.#relay.allSent) this.#relay.end(this.#line, state);
    else this.#line.end('wrong_role');
  }

  onPull(pull: PullRequest, seqNum: number): void {
    refusePull(this.#line, pull, seqNum, pullErrors.wrongRole, 'wrong_role');
  }

  onData(reply: PullReply, frame: Buffer): void {
    this.#relay.data(this.#line, reply, frame);
  }

  onClosed(): void {
    this.#relay.leave(this.#line);
  }
}

/** The receiver's side: pulls. */
export class RelayReceiver implements Participant {
  readonly owedSince = undefined;
  readonly #relay: Relay;
  readonly #line: Line;

  constructor(relay: Relay, line: Line) {
    this.#relay = relay;
    this.#line = line;
  }

  get idleSince(): number | undefined {
    return this.#relay.receiversTurn;
  }

  onState(state: State): void {
    if (state === CLIENT_FILE_PEER_READY) this.#line.end('wrong_role');
    else this.#relay.end(this.#line, state);
  }

  onPull(pull: PullRequest, seqNum: number): void {
    this.#relay.pull(this.#line, pull, seqNum);
  }

  onData(): void {
    this.#line.end('wrong_role');
  }

  onClosed(): void {
    this.#relay.leave(this.#line);
  }
}
