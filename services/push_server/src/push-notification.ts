import { createHash } from 'node:crypto';
import { MsgType } from '@teamtalk/protocol';
import type { pushApi } from '@teamtalk/rpc';
import type { Alert } from './notification/fitted.js';
import type { Notification } from './providers/provider.js';

/**
 * The notification of a claimed push.
 * @param silent sets the badge only, since its user is on a PC
 */
export function notificationOf(
  push: pushApi.push.Push,
  { alertOf, silent }: { alertOf: (push: pushApi.push.Push) => Alert; silent: boolean },
): Notification {
  const { sessionType, sessionId, msgId, token, app, expiresAt, badge } = push;
  const withdraws = msgId === 0;
  // A withdrawal has no sender; that of a conversation with a user is the user.
  const fromUserId = withdraws && sessionType !== 2 ? sessionId : push.fromUserId;
  const isGroup = sessionType === 2;
  return {
    id: idOf(push),
    token,
    app,
    collapseId: `${isGroup ? 'g' : 's'}${sessionId}`,
    expiresAt,
    ...(withdraws ? { withdraws } : !silent && { alert: alertOf(push) }),
    badge,
    // The historic iOS app takes msg_type 1 for a user's conversation and anything else for a group's.
    data: isGroup
      ? { msg_type: MsgType.GROUP_TEXT, from_id: fromUserId, group_id: sessionId }
      : { msg_type: MsgType.SINGLE_TEXT, from_id: fromUserId },
  };
}

/**
 * The same for each attempt of a push, so that a provider can recognise one it already has. A withdrawal has no message; it is
 * recognised by when it was marked.
 */
function idOf({ jobId, deviceId, msgId, storedAt }: pushApi.push.Push): string {
  const what = msgId === 0 ? `withdrawn ${storedAt}` : msgId;
  const hex = createHash('sha256').update(`${jobId} ${deviceId} ${what}`).digest('hex');
  // A UUID of version 8: custom.
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
