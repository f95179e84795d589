import { expect, it } from 'vitest';
import { ClientLog } from './client-log.js';
import { createLogger } from './logger.js';

function recording(level = 'info') {
  const lines: { msg: string; from: string }[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  let leftOut = 0;
  let now = 0;
  const log = new ClientLog({
    log: createLogger({ service: 'test', instance: 1, level, destination }),
    leftOut: { inc: () => leftOut++ },
    now: () => now,
  });
  return {
    log,
    lines,
    leftOut: () => leftOut,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

it('writes one line a minute for each message and address, and counts the rest', () => {
  const { log, lines, leftOut, pass } = recording();
  for (let i = 0; i < 100; i++) {
    log.warn('192.0.2.1', { from: 'a' }, 'frame invalid');
    log.info('192.0.2.1', { from: 'a' }, 'login refused');
    log.warn('::ffff:192.0.2.1', { from: 'a' }, 'frame invalid');
    log.warn(`2001:db8::${i}`, { from: 'b' }, 'frame invalid');
    log.warn(`2001:db8:0:1::${i}`, { from: 'c' }, 'frame invalid');
  }
  expect(lines.map(({ msg, from }) => `${from}: ${msg}`)).toEqual([
    'a: frame invalid',
    'a: login refused',
    'b: frame invalid',
    'c: frame invalid',
  ]);
  expect(leftOut()).toBe(496);
  pass(59_999);
  log.warn('192.0.2.1', { from: 'a' }, 'frame invalid');
  expect(lines).toHaveLength(4);
  pass(1);
  log.warn('192.0.2.1', { from: 'a' }, 'frame invalid');
  expect(lines).toHaveLength(5);
});

it('writes a bounded number of lines whatever number of addresses there are', () => {
  const { log, lines, leftOut } = recording();
  for (let i = 0; i < 5_000; i++) log.warn(`10.0.${i >> 8}.${i & 255}`, { from: 'x' }, 'frame invalid');
  expect(lines).toHaveLength(1_000);
  expect(leftOut()).toBe(4_000);
});

it('counts nothing of a level that is not written', () => {
  const { log, lines, leftOut } = recording('error');
  for (let i = 0; i < 5; i++) log.warn('192.0.2.1', {}, 'frame invalid');
  expect(lines).toEqual([]);
  expect(leftOut()).toBe(0);
});
