import { expect, it } from 'vitest';
import { conversationsOf, emptyConversation, merged, placed, withMessage } from './conversations.js';

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

it('the lists are merged newest first, and then only a conversation with a newer message moves', () => {
  const at = (user: number, time: number) => emptyConversation({ user }, time);
  const order = (map: ReturnType<typeof placed>) => [...map.keys()];
  const listed = merged(new Map([['u2', at(2, 20)]]), [at(3, 30), at(1, 10)]);
  expect(order(listed)).toEqual(['u3', 'u2', 'u1']);
  const moved = placed(listed, at(1, 40));
  expect(order(moved)).toEqual(['u1', 'u3', 'u2']);
  expect(order(placed(moved, at(1, 25)))).toEqual(['u3', 'u1', 'u2']);
  expect(order(placed(moved, at(1, 5)))).toEqual(['u3', 'u2', 'u1']);
  expect(order(placed(moved, at(4, 30)))).toEqual(['u1', 'u4', 'u3', 'u2']);
  // Of two messages in one second the later one is on top, and reading it changes nothing.
  const sameSecond = placed(moved, at(2, 40));
  expect(order(sameSecond)).toEqual(['u2', 'u1', 'u3']);
  const read = { ...at(1, 40), unread: 0, lastId: 7 };
  expect([...placed(sameSecond, read).values()]).toEqual([at(2, 40), read, at(3, 30)]);
  expect(order(placed(new Map(), at(2, 5)))).toEqual(['u2']);
});
