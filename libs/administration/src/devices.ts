import type { httpApi } from '@teamtalk/rpc';
import { momentOf, type PushOutcome } from './fields.js';

/** A device as the APIs show it. */
export function shownDevice(found: httpApi.api.Device) {
  return {
    device_id: found.deviceId,
    provider: found.provider,
    app: found.app,
    token_end: found.tokenEnd,
    locale: found.locale,
    time_zone: found.timeZone,
    client_version: found.clientVersion,
    seen_at: momentOf(found.seenAt),
    failure: found.failure === '' ? null : found.failure,
  };
}

/** The outcome of a push, as the APIs show it. */
export function shownPush(decision: httpApi.api.PushDecision) {
  const { at, provider, peerId, groupId, msgId, outcome, reason, attempts } = decision;
  return {
    at: momentOf(at),
    provider,
    ...(groupId > 0 ? { group_id: groupId } : { peer_id: peerId }),
    msg_id: msgId,
    outcome: outcome as PushOutcome,
    reason,
    attempts,
  };
}
