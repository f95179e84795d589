import { createHash } from 'node:crypto';
import { isGroupMessageType, isKnownMessageType } from '@teamtalk/protocol';
import { httpApi } from '@teamtalk/rpc';
import { maxKeyLength } from '../apps/api-answers.js';
import type { Context } from '../context.js';
import type { BroadcastWorker } from './broadcast-worker.js';
import type { Audience } from './broadcasts.js';

const { BroadcastResult, CreateBroadcastRequest } = httpApi.api;

/** Most receivers one request may list; `everybody` and departments may cover more. */
const maxListed = 100_000;

const audiences: Record<httpApi.api.Audience, Audience> = {
  [httpApi.api.Audience.AUDIENCE_LISTED]: 'listed',
  [httpApi.api.Audience.AUDIENCE_EVERYBODY]: 'everybody',
  [httpApi.api.Audience.AUDIENCE_DEPARTMENTS]: 'departments',
};

/** Creates a broadcast; replies when it is stored, before it is sent. */
export function createBroadcast(
  { broadcasts }: Context,
  worker: Pick<BroadcastWorker, 'wake'>,
): (request: httpApi.api.CreateBroadcastRequest) => Promise<httpApi.api.CreateBroadcastReply.$Properties> {
  return async (request) => {
    const { appId, key, fromUserId, msgType, msgData, ids } = request;
    const audience = audiences[request.audience];
    const possible =
      key !== '' &&
      key.length <= maxKeyLength &&
      !key.includes('\0') &&
      audience !== undefined &&
      isKnownMessageType(msgType) &&
      msgData.length > 0 &&
      ids.length <= maxListed &&
      (audience === 'listed' || !isGroupMessageType(msgType)) &&
      (audience === 'everybody') === (ids.length === 0);
    if (!possible) return { result: BroadcastResult.BROADCAST_INVALID };
    const asked = CreateBroadcastRequest.encode({ ...request, key: '' }).finish();
    const digest = createHash('sha256').update(asked).digest();
    const outcome = await broadcasts.create({
      appId,
      key,
      digest,
      fromUserId,
      msgType,
      msgData,
      audience,
      ids,
    });
    if (outcome.result === 'nobody') return { result: BroadcastResult.BROADCAST_NOBODY };
    if (outcome.result === 'other-request') return { result: BroadcastResult.BROADCAST_OTHER_REQUEST };
    worker.wake();
    return {
      result: BroadcastResult.BROADCAST_ACCEPTED,
      broadcastId: outcome.id,
      receivers: outcome.receivers,
      refused: outcome.refused,
      refusedIds: outcome.refusedIds,
    };
  };
}
