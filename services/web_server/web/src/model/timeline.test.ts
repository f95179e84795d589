import { describe, expect, it } from 'vitest';
import type { ShownMessage } from './content.js';
import type { Outgoing } from './outgoing.js';
import { readUpTo, timelineOf } from './timeline.js';

const me = 1;
const noon = new Date(2026, 10, 26, 12).getTime() / 1000;
const day = 86_400;

const message = (id: number, from: number, time = noon): ShownMessage => ({
  id,
  from,
  time,
  content: { kind: 'text', text: String(id) },
});

/** A timeline as a list of words. */
const words = (
  messages: readonly ShownMessage[],
  outgoing: readonly Outgoing[],
  read: number | undefined,
): string[] =>
  timelineOf(messages, outgoing, read, me).map((item) => {
    switch (item.kind) {
      case 'day':
        return `day ${item.day.getDate()}`;
      case 'message':
        return `${item.message.id}${item.isFirst ? '' : '+'}`;
      case 'outgoing':
        return item.outgoing.key;
      default:
        return item.kind;
    }
  });

describe('day marks', () => {
  it('stand above the first message of each day', () => {
    const messages = [message(1, 2, noon - 2 * day), message(2, 2, noon - 2 * day + 60), message(3, 2, noon)];
    expect(words(messages, [], undefined)).toEqual(['day 24', '1', '2+', 'day 26', '3']);
  });

  it('change at local midnight', () => {
    const midnight = new Date(2026, 10, 26).getTime() / 1000;
    expect(words([message(1, 2, midnight - 1), message(2, 2, midnight)], [], undefined)).toEqual([
      'day 25',
      '1',
      'day 26',
      '2',
    ]);
  });
});

describe('blocks', () => {
  it('group the messages of one person without long pauses', () => {
    const messages = [
      message(1, 2),
      message(2, 2, noon + 299),
      message(3, me, noon + 300),
      message(4, 2, noon + 301),
      message(5, 2, noon + 700),
    ];
    expect(words(messages, [], undefined)).toEqual(['day 26', '1', '2+', '3', '4', '5']);
  });
});

describe('the unread line', () => {
  it('stands above the first new message of somebody else', () => {
    const messages = [message(1, 2), message(2, 2), message(3, me), message(4, 2)];
    expect(words(messages, [], 2)).toEqual(['day 26', '1', '2+', '3', 'unread', '4']);
    expect(words(messages, [], 1)).toEqual(['day 26', '1', 'unread', '2', '3', '4']);
    expect(words(messages, [], 4)).not.toContain('unread');
    expect(words(messages, [], undefined)).not.toContain('unread');
  });

  it('is placed by the number of unread messages, without counting own ones', () => {
    const messages = [message(1, 2), message(2, 2), message(3, me), message(4, 2)];
    expect(readUpTo(messages, 1, me)).toBe(3);
    expect(readUpTo(messages, 2, me)).toBe(1);
    expect(readUpTo(messages, 3, me)).toBe(0);
    expect(readUpTo(messages, 4, me)).toBeUndefined();
    expect(readUpTo([], 5, me)).toBeUndefined();
  });
});

it('unsent messages come last', () => {
  const outgoing: Outgoing = { key: 'aa', session: { user: 2 }, text: 'x', state: 'pending' };
  expect(words([message(1, 2)], [outgoing], undefined)).toEqual(['day 26', '1', 'aa']);
  expect(words([], [outgoing], undefined)).toEqual(['aa']);
});
