import { expect, test } from 'vitest';
import { TeamTalkError } from './errors.js';
import { Health } from './health.js';
import { createLogger } from './logger.js';
import { untilAvailable } from './until-available.js';

const log = createLogger({ service: 'test', instance: 1, level: 'silent' });
const away = () => Promise.reject(new TeamTalkError('unavailable', 'away'));

test('retries while the dependency is unavailable, and reports it meanwhile', async () => {
  const health = new Health();
  const wait = untilAvailable({ ms: 60_000 }, health, log);
  let attempts = 0;
  const shown: unknown[] = [];
  const result = await wait('postgres', async () => {
    shown.push(health.report().dependencies);
    return ++attempts < 3 ? away() : 'there';
  });
  expect([result, attempts]).toEqual(['there', 3]);
  expect(shown).toEqual([{}, { postgres: 'down' }, { postgres: 'down' }]);
});

test('does not retry a permanent failure, or with a timeout of 0', async () => {
  let attempts = 0;
  const wrong = () => {
    attempts++;
    return Promise.reject(new TeamTalkError('internal', 'wrong password'));
  };
  await expect(untilAvailable({ ms: 60_000 }, new Health(), log)('nats', wrong)).rejects.toThrow(
    'wrong password',
  );
  expect(attempts).toBe(1);
  await expect(untilAvailable({ ms: 0 }, new Health(), log)('nats', away)).rejects.toThrow('away');
});

test('ends at once when stopped, also during an attempt', async () => {
  const stop = new AbortController();
  const wait = untilAvailable({ ms: 60_000, stop: stop.signal }, new Health(), log);
  const hanging = wait('nats', () => new Promise(() => {}));
  const pausing = wait('postgres', away);
  setImmediate(() => stop.abort());
  for (const each of [hanging, pausing]) await expect(each).rejects.toThrow('stopped before');
  await expect(wait('nats', () => new Promise(() => {}))).rejects.toThrow('stopped before');
});
