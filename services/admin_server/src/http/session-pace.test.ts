import { randomBytes } from 'node:crypto';
import { beforeEach, expect, it } from 'vitest';
import { SessionPace } from './session-pace.js';

let pace: SessionPace;
let questions: number;
beforeEach(() => {
  pace = new SessionPace();
  questions = 0;
});

const unknown = (network = '203.0.113.7') =>
  pace.ask(randomBytes(32), network, async () => {
    questions++;
    return undefined;
  });
const known = (session: Buffer, network = '203.0.113.7') => pace.ask(session, network, async () => 'ann');

it('holds off networks that make up sessions, concurrently or one by one, but not other networks', async () => {
  const begun = performance.now();
  const answers = await Promise.all(Array.from({ length: 500 }, () => unknown()));
  for (let i = 0; i < 500; i++) answers.push(await unknown());
  const seconds = (performance.now() - begun) / 1_000;
  expect(questions).toBeLessThanOrEqual(20 + Math.ceil(20 * seconds));
  expect(answers).toContain('held-off');
  expect(await unknown('203.0.113.8')).toBeUndefined();
});

it('does not hold off known sessions of the same network', async () => {
  const session = randomBytes(32);
  expect(await known(session)).toBe('ann');
  await Promise.all(Array.from({ length: 500 }, () => unknown()));
  for (let i = 0; i < 100; i++) expect(await known(session)).toBe('ann');
});

it('does not count valid sessions, even when many are seen for the first time', async () => {
  for (let i = 0; i < 200; i++) expect(await known(randomBytes(32))).toBe('ann');
});

it('counts a session that has ended', async () => {
  const session = randomBytes(32);
  await known(session);
  const ended = () => pace.ask(session, '203.0.113.7', async () => undefined);
  const answers: unknown[] = [];
  for (let i = 0; i < 1_000 && !answers.includes('held-off'); i++) answers.push(await ended());
  expect(answers).toContain('held-off');
});
