import { expect, it } from 'vitest';
import type { ShownMessage } from './content.js';
import { messagesWith } from './find.js';

it('finds texts, newest first, ignoring case', () => {
  const texts = ['Hello Ben', '你好', 'say HELLO', '100 %'];
  const messages: ShownMessage[] = texts.map((text, i) => ({
    id: i + 1,
    from: 2,
    time: 0,
    content: { kind: 'text', text },
  }));
  messages.push({ id: 9, from: 2, time: 0, content: { kind: 'unreadable' } });
  expect(messagesWith(messages, ' hello ')).toEqual([3, 1]);
  expect(messagesWith(messages, '好')).toEqual([2]);
  expect(messagesWith(messages, '.')).toEqual([]);
  expect(messagesWith(messages, ' ')).toEqual([]);
});
