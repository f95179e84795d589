import { credentialsPauseMs, type Outcome } from '../provider.js';

/** An answer of APNs; status 0: the connection broke before it. */
export interface ApnsAnswer {
  status: number;
  /** JSON; empty with status 200 */
  body: string;
  apnsId: string;
  /** seconds; undefined: none */
  retryAfter: number | undefined;
}

/** Apple takes no other token for 20 minutes. */
const tokenPauseMs = 5 * 60_000;

/** Reasons that say that a token is for another device, app or environment. */
const goneReasons = new Set(['BadDeviceToken', 'DeviceTokenNotForTopic', 'Unregistered', 'ExpiredToken']);
/** Reasons about the topic. About the configured one: as with a wrong key, nothing is accepted until it is mended. */
const topicReasons = new Set(['BadTopic', 'MissingTopic', 'TopicDisallowed']);

/**
 * What an answer means. An expired provider token is for the caller, who has one.
 * @param ownTopic whether the topic was the device's own, and not the configured one
 */
export function outcomeOf({ status, body, apnsId, retryAfter }: ApnsAnswer, ownTopic: boolean): Outcome {
  if (status === 200) return { kind: 'accepted', id: apnsId };
  const { reason, timestamp } = parsed(body, status);
  const wish = retryAfter === undefined ? {} : { afterMs: retryAfter * 1_000 };
  if (status === 410 || (status === 400 && goneReasons.has(reason))) {
    return { kind: 'gone', reason, ...(timestamp !== undefined && { since: timestamp }) };
  }
  if (ownTopic && topicReasons.has(reason)) return { kind: 'refused', reason };
  if (status === 403 || topicReasons.has(reason)) {
    return { kind: 'blocked', reason, afterMs: credentialsPauseMs };
  }
  if (reason === 'TooManyProviderTokenUpdates') return { kind: 'blocked', reason, afterMs: tokenPauseMs };
  if (status === 429 || status >= 500) return { kind: 'retry', reason, ...wish };
  return { kind: 'refused', reason };
}

function parsed(body: string, status: number): { reason: string; timestamp?: number } {
  try {
    const { reason, timestamp } = JSON.parse(body) as { reason?: unknown; timestamp?: unknown };
    return {
      reason: typeof reason === 'string' && reason !== '' ? reason.slice(0, 100) : `status ${status}`,
      ...(typeof timestamp === 'number' && { timestamp }),
    };
  } catch {
    return { reason: `status ${status}` };
  }
}
