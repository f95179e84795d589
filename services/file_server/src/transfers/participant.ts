import { IM, type MessageOf, type Commands as Table } from '@teamtalk/protocol';
import type { CloseReason } from '../metrics.js';

export type State = IM.BaseDefine.ClientFileState;
export type PullRequest = MessageOf<typeof Table.FilePullDataReq>;
export type PullReply = MessageOf<typeof Table.FilePullDataRsp>;

export const { CLIENT_FILE_PEER_READY, CLIENT_FILE_CANCEL, CLIENT_FILE_REFUSE, CLIENT_FILE_DONE } =
  IM.BaseDefine.ClientFileState;

/** Bytes of a block: the most that a pull returns (client-behaviour.md#online-transfers). */
export const blockBytes = 32_768;

/** Maximum number of a client's pending pulls. Legacy clients have one. */
export const maxPulls = 8;

/** A client logged in for one side of a transfer. A PDU it must not send closes it. */
export interface Participant {
  /** performance.now() since which the client owes a block; undefined: it owes none. */
  readonly owedSince: number | undefined;
  /** performance.now() since which it is the client's turn; undefined: it waits for the other side or the server. */
  readonly idleSince: number | undefined;
  /** 0x0503 */
  onState(state: State): void;
  /** 0x0504, of this task; `seqNum` is that of its response */
  onPull(pull: PullRequest, seqNum: number): void;
  /** 0x0505, of this task; `frame` is the whole PDU. Both are valid only during the call. */
  onData(reply: PullReply, frame: Buffer): void;
  /** The connection has ended. */
  onClosed(): void;
}

/** The part of a connection that a participant uses. */
export interface Line {
  readonly userId: number;
  readonly closed: boolean;
  send(message: OutgoingMessage, seqNum?: number): void;
  /** Sends a copy of a received PDU with another header. */
  passOn(frame: Buffer, commandId: number, seqNum: number): void;
  /** Resolves when everything written has been sent, or the connection has ended. */
  drained(): Promise<void>;
  /** Closes gracefully: buffered data is still sent. */
  end(reason: CloseReason): void;
}

/** The PDUs a server sends in a transfer. */
export type OutgoingMessage =
  | { state: State; userId: number }
  | { pull: { offset: number; dataSize: number; userId: number } }
  | { resultCode: number; userId: number; offset: number; fileData: Uint8Array };
