import { expect, test } from 'vitest';
import { mentionedIn } from './mentions.js';

const users = new Map([
  ['Bob', [2]],
  ['张三', [3]],
  ['Bob Smith', [4, 5]],
]);

test.each([
  ['@Bob look', [2]],
  ['look @Bob', [2]],
  ['@Bob, @张三 看一下', [2, 3]],
  ['@Bob Smith', [2, 4, 5]],
  ['@@Bob', [2]],
  ['@Bobby and @张三丰', []],
  ['bob@Bob.example', [2]],
  ['Bob 张三', []],
  ['@', []],
  ['', []],
])('%s', (text, mentioned) => {
  expect(mentionedIn(text, users)).toEqual(mentioned);
});

test('the time for a text of nothing but @ is bounded', () => {
  const many = new Map([['x'.repeat(64), [1]]]);
  let left = 2_000;
  const { user: before } = process.cpuUsage();
  expect(mentionedIn('@'.repeat(100_000), many, () => left-- > 0)).toEqual([]);
  expect(process.cpuUsage().user - before).toBeLessThan(1_000_000);
});
