import { expect, test } from 'vitest';
import { waitUntil } from './wait-until.js';

test('gives what the condition gives, as soon as it is something', async () => {
  let looks = 0;
  const value = await waitUntil(() => (++looks < 3 ? undefined : 'there'), { what: 'it' });
  expect(value).toBe('there');
  expect(looks).toBe(3);
});

test('a condition that throws is not met yet, and its error is kept', async () => {
  const refused = new Error('refused');
  const waiting = waitUntil(() => Promise.reject(refused), { what: 'an answer', timeoutMs: 30 });
  await expect(waiting).rejects.toThrow('an answer: not within 30 ms (last: refused)');
  await expect(waiting).rejects.toMatchObject({ cause: refused });
});
