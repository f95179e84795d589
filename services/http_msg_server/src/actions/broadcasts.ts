import { randomUUID } from 'node:crypto';
import { isGroupMessageType } from '@teamtalk/protocol';
import { broadcasts, httpApi } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Context } from '../context.js';
import { encodeContent } from './send-message.js';

const { Audience, BroadcastResult } = httpApi.api;

/** Milliseconds the store has to accept a broadcast of any size. */
const storeMs = 3_500;

type BroadcastTarget =
  /** users, or groups for the group message types */
  { ids: number[] } | { departments: number[] } | 'everybody';

export interface NewBroadcast {
  /** 0: of a caller without a key */
  appId: number;
  fromUserId: number;
  to: BroadcastTarget;
  msgType: number;
  /** as in NewMessage */
  msg: string;
  /** the caller's idempotency key, scoped to its app; empty: none */
  key: string;
}

export interface AcceptedBroadcast {
  broadcastId: number;
  receivers: number;
  /** how many of the listed receivers get nothing: they do not exist or the sender may not write to them */
  refused: number;
  /** their ids, the first 1,000, ascending */
  refusedIds: number[];
}

export type BroadcastRefusal =
  | 'unknown-type'
  | 'not-audio'
  | 'too-long'
  /** the sender does not exist or may write to none of the receivers */
  | 'nobody'
  | 'invalid'
  /** the key was used for another broadcast */
  | 'other-request'
  | 'unavailable';

/** Accepts a broadcast: once accepted, all its receivers will get it. */
export async function startBroadcast(
  context: Context,
  wanted: NewBroadcast,
): Promise<AcceptedBroadcast | BroadcastRefusal> {
  const { appId, fromUserId, to, msgType, key } = wanted;
  const msgData = encodeContent(context, wanted);
  if (typeof msgData === 'string') return msgData;
  if ((to === 'everybody' || 'departments' in to) && isGroupMessageType(msgType)) return 'unknown-type';
  try {
    const reply = await context.pool.call(
      broadcasts.createBroadcast,
      {
        appId,
        // With a random key the call is safe to retry at another replica.
        key: key === '' ? `once ${randomUUID()}` : key,
        fromUserId,
        msgType,
        msgData,
        ...receiversOf(to),
      },
      storeMs,
    );
    if (reply.result === BroadcastResult.BROADCAST_NOBODY) return 'nobody';
    if (reply.result === BroadcastResult.BROADCAST_INVALID) return 'invalid';
    if (reply.result === BroadcastResult.BROADCAST_OTHER_REQUEST) return 'other-request';
    const { broadcastId, receivers, refused, refusedIds } = reply;
    return { broadcastId, receivers, refused, refusedIds };
  } catch (error) {
    if (!(error instanceof TeamTalkError)) throw error;
    return error.code === 'invalid-argument' ? 'invalid' : 'unavailable';
  }
}

function receiversOf(to: BroadcastTarget): { audience: httpApi.api.Audience; ids: number[] } {
  if (to === 'everybody') return { audience: Audience.AUDIENCE_EVERYBODY, ids: [] };
  if ('departments' in to) return { audience: Audience.AUDIENCE_DEPARTMENTS, ids: to.departments };
  return { audience: Audience.AUDIENCE_LISTED, ids: to.ids };
}
