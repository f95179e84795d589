import { beforeEach, expect, test } from 'vitest';
import { BatchedReplies } from './batched-replies.js';

let frames: number[][];
let reading: boolean;
let answers: BatchedReplies<number>;

beforeEach(() => {
  frames = [];
  reading = true;
  const stream = {
    write: ({ results }: { results: number[] }) => {
      frames.push(results);
    },
    pause: () => {
      reading = false;
    },
    resume: () => {
      reading = true;
    },
  };
  answers = new BatchedReplies(stream, 4);
});

test('results of one event-loop turn are sent in one frame, in order', async () => {
  for (const result of [1, 2, 3]) {
    answers.expect();
    answers.answer(result);
  }
  await new Promise(setImmediate);
  answers.expect();
  answers.answer(4);
  await new Promise(setImmediate);
  expect(frames).toEqual([[1, 2, 3], [4]]);
});

test('reading from a caller pauses at too many pending entries and resumes below half', () => {
  for (let i = 0; i < 3; i++) answers.expect();
  expect(reading).toBe(true);
  answers.expect();
  expect(reading).toBe(false);
  for (const result of [1, 2]) answers.answer(result);
  expect(reading).toBe(false);
  answers.answer(3);
  expect(reading).toBe(true);
});
