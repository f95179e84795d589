import { expect, it } from 'vitest';
import { mergeMessages, type ShownMessage } from './content.js';

const message = (id: number): ShownMessage => ({
  id,
  from: 2,
  time: id,
  content: { kind: 'text', text: 'x' },
});
const messages = (...ids: number[]) => ids.map(message);
const idsOf = (all: readonly ShownMessage[]) => all.map(({ id }) => id);

it.each([
  [[], [], []],
  [[], [3, 4], [3, 4]],
  [[1, 2], [3], [1, 2, 3]],
  [
    [3, 4],
    [1, 2],
    [1, 2, 3, 4],
  ],
  [
    [1, 3],
    [2, 3, 4],
    [1, 2, 3, 4],
  ],
  [[1, 2], [2], [1, 2]],
  [
    [1, 2],
    [5, 4, 4],
    [1, 2, 4, 5],
  ],
])('%j and %j are %j', (known, more, all) => {
  expect(idsOf(mergeMessages(messages(...known), messages(...more)))).toEqual(all);
});

it('merging nothing new returns the same list', () => {
  const known = messages(1, 2);
  expect(mergeMessages(known, messages(1, 2))).toBe(known);
  expect(mergeMessages(known, [])).toBe(known);
});
