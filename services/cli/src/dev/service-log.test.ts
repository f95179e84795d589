import { appendFile, mkdtemp, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ServiceLog } from './service-log.js';

let folder: string;
let shown: string[];
let log: ServiceLog;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'service-log-'));
  shown = [];
  log = new ServiceLog(folder, 'msfs-0', (line) => shown.push(line));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function warning(text: string): string {
  return `${JSON.stringify({ level: 'warn', msg: text })}\n`;
}

test('shows what is written after the start, also when a line comes in pieces', async () => {
  await writeFile(log.file, warning('of an earlier life'));
  await (await log.open()).close();
  const line = warning('new');
  await appendFile(log.file, line.slice(0, 10));
  await log.look();
  expect(shown).toEqual([]);
  await appendFile(log.file, line.slice(10));
  await log.look();
  await log.look();
  expect(shown).toEqual(['msfs-0 warn: new']);
});

test('shows a few lines of many and counts the rest', async () => {
  await (await log.open()).close();
  await appendFile(log.file, Array.from({ length: 50 }, (_, i) => warning(`no ${i}`)).join(''));
  await log.look();
  expect(shown).toHaveLength(6);
  expect(shown.at(-1)).toContain('and 45 more in');
});

test('shows a line that comes many times once', async () => {
  await (await log.open()).close();
  await appendFile(log.file, warning('again').repeat(7));
  await log.look();
  expect(shown).toEqual(['msfs-0 warn: again (7 times)']);
});

test('puts a large file aside at the start', async () => {
  await writeFile(log.file, '');
  await truncate(log.file, 21 * 1024 * 1024);
  await (await log.open()).close();
  expect((await stat(log.file)).size).toBe(0);
  expect((await stat(`${log.file}.1`)).size).toBe(21 * 1024 * 1024);
});

test('empties a file that grows without end', async () => {
  await (await log.open()).close();
  await truncate(log.file, 201 * 1024 * 1024);
  await log.look();
  expect((await stat(log.file)).size).toBe(0);
  await appendFile(log.file, warning('after'));
  await log.look();
  expect(shown.at(-1)).toContain('after');
});
