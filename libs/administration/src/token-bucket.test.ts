import { expect, it } from 'vitest';
import { TokenBucket } from './token-bucket.js';

function takeAll(bucket: TokenBucket, now: number): number {
  let taken = 0;
  while (bucket.take(now)) taken++;
  return taken;
}

it('allows a burst of one second’s worth, then the rate', () => {
  const bucket = new TokenBucket(20, 0);
  expect(takeAll(bucket, 0)).toBe(20);
  expect(takeAll(bucket, 40)).toBe(0);
  expect(takeAll(bucket, 100)).toBe(2);
  expect(takeAll(bucket, 60_000)).toBe(20);
});

it('allows one call at once even at a rate below one per second', () => {
  const bucket = new TokenBucket(0.5, 0);
  expect(takeAll(bucket, 0)).toBe(1);
  expect(takeAll(bucket, 1_999)).toBe(0);
  expect(takeAll(bucket, 2_000)).toBe(1);
});
