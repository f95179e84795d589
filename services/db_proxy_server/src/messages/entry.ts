import { isGroupMessageType } from '@teamtalk/protocol';
import type { teamtalk } from '@teamtalk/rpc';

/** Who brought an entry, and gets its outcome. */
export interface Caller {
  /** Called once, after the commit. */
  finished(entry: Entry, outcome: Outcome): void;
}

/** A message on its way into the store. */
export interface Entry {
  readonly isGroup: boolean;
  /** Of a pair: the lower and the higher user id. Of a group: 0 and the group id. Together the key `conv`. */
  readonly low: number;
  readonly high: number;
  readonly fromUserId: number;
  readonly toSessionId: number;
  readonly msgType: number;
  readonly msgData: Uint8Array;
  /** the sender's own key; undefined for none */
  readonly key: Uint8Array | undefined;
  readonly originInstance: number;
  readonly originRequestId: number;
  readonly originConnection: number;
  /** when the sender's PDU or HTTP call came in: Unix time in ms, its lower 32 bits; 0: not known */
  readonly receivedAt: number;
  /** set when it may be stored already */
  retry: boolean;
  /** of a retry: a Horizon's value from before it was sent for the first time; 0: not known */
  horizon: number;
  /** performance.now() when it came in */
  readonly arrived: number;
  readonly caller: Caller;
}

export type Outcome =
  | { status: 'stored'; msgId: number }
  | { status: 'unknown-receiver' | 'not-a-member' | 'unavailable' };

/** Largest user or group id the store has. */
const maxId = 0x7fff_ffff;
/** Bytes a sender's key may have. */
const maxKeyBytes = 256;

/** Why a request cannot be stored whatever the state of the database; undefined when it can. */
export function entryProblem({
  fromUserId,
  toSessionId,
  msgData,
  clientKey,
}: teamtalk.db.AppendEntry): 'invalid' | 'unknown-receiver' | undefined {
  if (fromUserId === 0 || fromUserId > maxId || msgData.length === 0) return 'invalid';
  if (clientKey.length > maxKeyBytes) return 'invalid';
  if (toSessionId === 0 || toSessionId > maxId) return 'unknown-receiver';
  return undefined;
}

export function toEntry(request: teamtalk.db.AppendEntry, originInstance: number, caller: Caller): Entry {
  const { fromUserId, toSessionId, msgType } = request;
  const isGroup = isGroupMessageType(msgType);
  return {
    isGroup,
    low: isGroup ? 0 : Math.min(fromUserId, toSessionId),
    high: isGroup ? toSessionId : Math.max(fromUserId, toSessionId),
    fromUserId,
    toSessionId,
    msgType,
    msgData: request.msgData,
    key: request.clientKey.length > 0 ? request.clientKey : undefined,
    originInstance,
    originRequestId: request.requestId,
    originConnection: request.connectionId,
    receivedAt: request.receivedAt,
    retry: request.retry,
    horizon: request.horizon,
    arrived: performance.now(),
    caller,
  };
}
