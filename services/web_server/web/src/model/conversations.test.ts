import { expect, it } from 'vitest';
import { conversationsOf, emptyConversation, merged, withMessage } from './conversations.js';

const info = { sessionStatus: 0, latestMsgType: 1, latestMsgFromUserId: 2 } as const;
const decrypt = (data: Uint8Array) => new TextDecoder().decode(data);
const bytes = (text: string) => new TextEncoder().encode(text);

it('conversations combine the list of sessions and the list of unread messages', () => {
  const listed = conversationsOf(
    [
      { ...info, sessionId: 2, sessionType: 1, updatedTime: 9, latestMsgId: 7, latestMsgData: bytes('hi') },
      { ...info, sessionId: 2, sessionType: 2, updatedTime: 8, latestMsgId: 3, latestMsgData: bytes('all') },
    ],
    [
      {
        sessionId: 2,
        sessionType: 2,
        unreadCnt: 4,
        latestMsgId: 3,
        latestMsgData: bytes('all'),
        latestMsgType: 1,
        latestMsgFromUserId: 2,
      },
      {
        sessionId: 5,
        sessionType: 1,
        unreadCnt: 1,
        latestMsgId: 1,
        latestMsgData: bytes('long ago'),
        latestMsgType: 1,
        latestMsgFromUserId: 5,
      },
    ],
    decrypt,
  );
  expect(listed).toEqual([
    { key: 'u2', session: { user: 2 }, text: 'hi', from: 2, lastId: 7, time: 9, unread: 0 },
    { key: 'g2', session: { group: 2 }, text: 'all', from: 2, lastId: 3, time: 8, unread: 4 },
    { key: 'u5', session: { user: 5 }, text: 'long ago', from: 5, lastId: 1, time: 0, unread: 1 },
  ]);
});

it('a message counts once, whether the list or the push comes first', () => {
  const empty = emptyConversation({ user: 2 }, 5);
  const message = { id: 3, from: 2, time: 10, text: 'x' };
  const one = withMessage(empty, message, false);
  expect(one).toMatchObject({ lastId: 3, unread: 1, time: 10, text: 'x' });
  expect(withMessage(one, message, false)).toBe(one);
  expect(withMessage(one, { ...message, id: 4 }, true)).toMatchObject({ lastId: 4, unread: 1 });
  // The list may be older or newer than the message.
  const older = { ...one, lastId: 2, unread: 0, text: 'old' };
  const newer = { ...one, lastId: 5, unread: 3, text: 'new' };
  expect(merged(new Map([['u2', one]]), [older]).get('u2')).toBe(one);
  expect(merged(new Map([['u2', one]]), [newer]).get('u2')).toBe(newer);
});
