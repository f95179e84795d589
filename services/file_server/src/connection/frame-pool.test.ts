import { expect, it } from 'vitest';
import { FramePool } from './frame-pool.js';

const frame = (length: number, value: number) => Buffer.alloc(length, value);

it('returns copies, and reuses released buffers', () => {
  const pool = new FramePool(100, 2);
  const first = pool.copy(frame(80, 1));
  const second = pool.copy(frame(100, 2));
  expect(first).toEqual(frame(80, 1));
  expect(second).toEqual(frame(100, 2));
  expect(second.buffer).not.toBe(first.buffer);
  pool.giveBack(first);
  const third = pool.copy(frame(90, 3));
  expect(third).toEqual(frame(90, 3));
  expect(third.buffer).toBe(first.buffer);
  expect(second).toEqual(frame(100, 2));
});

it('does not pool buffers for frames much smaller or larger than a block', () => {
  const pool = new FramePool(100, 2);
  for (const length of [0, 1, 49, 101, 10_000]) {
    const copy = pool.copy(frame(length, 4));
    expect(copy).toEqual(frame(length, 4));
    pool.giveBack(copy);
  }
  expect(pool.copy(frame(50, 5)).buffer.byteLength).toBe(100);
});

it('limits the number of free buffers', () => {
  const pool = new FramePool(100, 2);
  const used = [1, 2, 3].map((value) => pool.copy(frame(100, value)));
  for (const copy of used) pool.giveBack(copy);
  const buffers = used.map(({ buffer }) => buffer);
  const again = [4, 5, 6].map((value) => pool.copy(frame(100, value)).buffer);
  expect(again.filter((buffer) => buffers.includes(buffer))).toHaveLength(2);
});
