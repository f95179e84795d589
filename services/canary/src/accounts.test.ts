import { expect, it } from 'vitest';
import { spread } from './accounts.js';

const nowhere = [undefined, undefined, undefined, undefined];

it('spreads accounts evenly', () => {
  expect(spread(nowhere, ['a', 'b'])).toEqual(['a', 'b', 'a', 'b']);
  expect(spread(nowhere, ['a', 'b', 'c'])).toEqual(['a', 'b', 'c', 'a']);
  expect(spread(nowhere, [])).toEqual(nowhere);
});

it('moves only accounts whose server is gone, or that a new server needs', () => {
  expect(spread(['a', 'b', 'a', 'b'], ['b', 'c'])).toEqual(['c', 'b', 'c', 'b']);
  expect(spread(['a', 'a', 'a', 'a'], ['a', 'b'])).toEqual(['a', 'a', 'b', 'b']);
  expect(spread(['a', 'b', 'a', 'b'], ['a', 'b'])).toEqual(['a', 'b', 'a', 'b']);
});
