import { expect, it } from 'vitest';
import { UploadQuota } from './upload-quota.js';

it('counts what is stored, and what is reserved meanwhile', () => {
  const quota = new UploadQuota({ bytes: 100 });
  const first = quota.reserve([1], 60)!;
  expect(quota.reserve([1], 60)).toBeUndefined();
  first.settle(30);
  first.settle(0);
  const second = quota.reserve([1], 70)!;
  expect(quota.reserve([1], 1)).toBeUndefined();
  second.settle(0);
  quota.add(1, 50);
  expect(quota.reserve([1], 21)).toBeUndefined();
  expect(quota.reserve([1], 20)?.userId).toBe(1);
  expect(quota.reserve([], 1)).toBeUndefined();
});

it('charges the one of several users who has most left, each of them at most the quota', () => {
  const quota = new UploadQuota({ bytes: 100 });
  const charged = [];
  for (let i = 0; i < 4; i++) charged.push(quota.reserve([1, 2, 3], 100)?.userId);
  expect(charged).toEqual([1, 2, 3, undefined]);
});

it('begins anew each day, and an upload of the day before is not taken off', () => {
  let now = Date.UTC(2026, 1, 3, 23, 59);
  const quota = new UploadQuota({ bytes: 100, now: () => now });
  const late = quota.reserve([1], 100)!;
  now += 60_000;
  quota.reserve([1], 80)!.settle(80);
  late.settle(0);
  expect(quota.reserve([1], 21)).toBeUndefined();
  expect(quota.reserve([1], 20)).toBeDefined();
});

it('remembers a bounded number of users', () => {
  const quota = new UploadQuota({ bytes: 10 });
  for (let user = 1; user <= 100_100; user++) quota.add(user, 10);
  expect(quota.size).toBe(100_000);
  expect(quota.total).toBe(1_000_000);
  expect(quota.reserve([100_100], 1)).toBeUndefined();
  expect(quota.reserve([1], 1)).toBeDefined();
});

it('of 0 is none', () => {
  const quota = new UploadQuota({ bytes: 0 });
  expect(quota.reserve([1], 1e12)).toBeDefined();
});
