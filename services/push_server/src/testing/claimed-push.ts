import { createTextCodec, DEFAULT_TEXT_KEY, MsgType } from '@teamtalk/protocol';
import type { pushApi } from '@teamtalk/rpc';

const codec = createTextCodec(DEFAULT_TEXT_KEY);
let jobs = 0;

/** A new push as db_proxy_server hands it out: Ann's `hello` to user 2. */
export function claimedPush(rest: pushApi.push.Push.$Properties = {}): pushApi.push.Push.$Properties {
  return {
    jobId: ++jobs,
    userId: 2,
    attempts: 1,
    storedAt: Date.now(),
    expiresAt: Date.now() + 60_000,
    badge: 4,
    deviceId: 5,
    provider: 'apns',
    app: '',
    token: 'ab',
    locale: '',
    sessionType: 1,
    sessionId: 7,
    msgId: 9,
    fromUserId: 7,
    msgType: MsgType.SINGLE_TEXT,
    msgData: codec.encrypt('hello'),
    fromName: 'Ann',
    groupName: '',
    unread: 1,
    ...rest,
  };
}
