import { IM, type MessageOf, type Commands as Table } from '@teamtalk/protocol';
import type { CloseReason } from '../metrics.js';

export type State = IM.BaseDefine.ClientFileState;
export type PullRequest = MessageOf<typeof Table.FilePullDataReq>;
export type PullReply = MessageOf<typeof Table.FilePullDataRsp>;

export const { CLIENT_FILE_PEER_READY, CLIENT_FILE_CANCEL, CLIENT_FILE_REFUSE, CLIENT_FILE_DONE } =
  IM.BaseDefine.ClientFileState;

/** Bytes of a block: the most that is given for a pull (client-behaviour.md#online-transfers). */
export const blockBytes = 32_768;

/** Pulls of one client that may wait for their data. Legacy clients have one. */
export const maxPulls = 8;

/** A client that is logged in for one side of a transfer. What it does not have a right to closes it. */
export interface Participant {
  /** Since when the client owes a block (milliseconds of the monotonic clock); undefined: it owes none. */
  readonly owedSince: number | undefined;
  /** Since when it is the client's turn; undefined: it waits for the other side of the transfer, or for us. */
  readonly idleSince: number | undefined;
  /** 0x0503 */
  onState(state: State): void;
  /** 0x0504, of this task; `seqNum` is what its answer has to bear */
  onPull(pull: PullRequest, seqNum: number): void;
  /** 0x0505, of this task; `frame` is the whole PDU. Both are there during the call only. */
  onData(reply: PullReply, frame: Buffer): void;
  /** The connection is over. */
  onClosed(): void;
}

/** What a participant needs of its connection. */
export interface Line {
  readonly userId: number;
  readonly closed: boolean;
  send(message: OutgoingMessage, seqNum?: number): void;
  /** Sends a copy of a PDU that was received, under another header. */
  passOn(frame: Buffer, commandId: number, seqNum: number): void;
  /** Resolves when what was written has gone out, or the connection is over. */
  drained(): Promise<void>;
  /** Closes in order: what was written still goes out. */
  end(reason: CloseReason): void;
}

/** What a server sends in a transfer. */
export type OutgoingMessage =
  | { state: State; userId: number }
  | { pull: { offset: number; dataSize: number; userId: number } }
  | { resultCode: number; userId: number; offset: number; fileData: Uint8Array };
