import { expect, it } from 'vitest';
import { shrink } from './shrink.js';

const list = Array.from({ length: 12 }, (_, i) => i);

/** A part fails when all of these are in it. @returns the smallest part found, and how many were tried */
async function shrunk(guilty: readonly number[], budget = 1_000) {
  let tried = 0;
  const smallest = await shrink(
    list,
    async (part) => {
      tried++;
      return guilty.every((each) => part.includes(each));
    },
    budget,
  );
  return { smallest, tried };
}

it.each([[[4]], [[0]], [[11]], [[2, 9]], [[0, 1, 11]], [[1, 3, 5, 7]]])(
  'finds %j among twelve',
  async (guilty) => {
    const { smallest, tried } = await shrunk(guilty);
    expect(smallest).toEqual(guilty);
    expect(tried).toBeLessThan(60);
  },
);

it('keeps all of it when all of it is needed', async () => {
  expect((await shrunk(list)).smallest).toEqual(list);
});

it('stops when its budget is used up, with what still failed', async () => {
  const { smallest, tried } = await shrunk([2, 9], 3);
  expect(tried).toBe(3);
  expect(smallest).toEqual(expect.arrayContaining([2, 9]));
});

it('never tries nothing at all', async () => {
  const parts: number[] = [];
  await shrink([1, 2], async (part) => parts.push(part.length) > 0, 10);
  expect(Math.min(...parts)).toBe(1);
});
