import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Logs } from './logs.js';
import { type Held, leaks } from './processes.js';
import { changedRows } from './rows.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-oracle-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('reads whole lines of logs once, and what dying processes say', async () => {
  const logs = new Logs(folder);
  const file = path.join(folder, 'msg_server.log');
  await appendFile(
    file,
    '{"level":"error","msg":"failed","err":{"message":"id 12 of \\"x\\""}}\n{"level":"wa',
  );
  const [first, ...none] = await logs.more();
  expect(first).toMatchObject({ service: 'msg_server', level: 'error', text: 'failed (id … of …)' });
  expect(none).toEqual([]);
  await appendFile(file, 'rn","msg":"odd"}\nUnhandled rejection\n');
  expect(await logs.more()).toMatchObject([
    { level: 'warn', text: 'odd' },
    { level: 'unknown', text: 'Unhandled rejection' },
  ]);
  expect(await logs.more()).toEqual([]);
});

it('finds what a process still holds', () => {
  const held: Held = { heapMib: 20, externalMib: 5, rssMib: 100, descriptors: 20, stallMs: 0, busyMs: 0 };
  const limits = { heapMib: 10, rssMib: 50, descriptors: 5 };
  const after = (more: Partial<Held>) => leaks({ a: held }, { a: { ...held, ...more } }, limits).length;
  expect(after({ heapMib: 30, rssMib: 150, descriptors: 25 })).toBe(0);
  expect(after({ heapMib: 31 })).toBe(1);
  expect(after({ externalMib: 16 })).toBe(1);
  expect(after({ rssMib: 151 })).toBe(1);
  expect(after({ descriptors: 26 })).toBe(1);
});

it('names tables in which rows have changed', () => {
  const before = { im_user: ['1', '2'], message: ['x'] };
  expect(changedRows(before, { im_user: ['1', '2'], message: ['x'] })).toEqual([]);
  expect(changedRows(before, { im_user: ['1', '3'], message: [] })).toEqual([
    'rows of others changed, im_user: 2 became 3',
    'rows of others changed, message: x became undefined',
  ]);
});
