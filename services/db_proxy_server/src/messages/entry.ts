import { isGroupMessageType } from '@teamtalk/protocol';
import type { teamtalk } from '@teamtalk/rpc';

/** The source of an entry, which gets its outcome. */
export interface Caller {
  /** Called once, after the commit. */
  finished(entry: Entry, outcome: Outcome): void;
}

/** A message to be stored. */
export interface Entry {
  readonly isGroup: boolean;
  /** The two halves of the key `conv`: the lower and the higher user id of a pair, or 0 and the group id. */
  readonly low: number;
  readonly high: number;
  readonly fromUserId: number;
  readonly toSessionId: number;
  readonly msgType: number;
  readonly msgData: Uint8Array;
  /** the sender's key; undefined: none */
  readonly key: Uint8Array | undefined;
  readonly originInstance: number;
  readonly originRequestId: number;
  readonly originConnection: number;
  /** when the sender's PDU or HTTP request arrived: lower 32 bits of the Unix time in ms; 0: unknown */
  readonly receivedAt: number;
  /** it may already be stored */
  retry: boolean;
  /** a Horizon value from before its first attempt, by whatever replica; 0: unknown */
  readonly horizon: number;
  /** performance.now() at arrival */
  readonly arrived: number;
  readonly caller: Caller;
}

/** A sender in a conversation, whose messages keep their order. */
export function senderIn({ low, high, fromUserId }: Pick<Entry, 'low' | 'high' | 'fromUserId'>): string {
  return `${low}:${high}:${fromUserId}`;
}

export type Outcome =
  | { status: 'stored'; msgId: number }
  | { status: 'unknown-receiver' | 'not-a-member' | 'unavailable' };

/** Largest user or group id. */
const maxId = 0x7fff_ffff;
/** Longest sender's key, bytes. */
const maxKeyBytes = 256;

/** Why an entry is invalid regardless of the database; undefined if it is valid. */
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

export function toEntry(
  request: teamtalk.db.AppendEntry,
  { originInstance, horizon }: Pick<teamtalk.db.AppendFrame, 'originInstance' | 'horizon'>,
  caller: Caller,
): Entry {
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
    horizon: request.retry ? request.horizon : horizon,
    arrived: performance.now(),
    caller,
  };
}
