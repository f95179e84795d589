import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openFile, openSink } from './local-file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-local-'));
});
afterAll(() => rm(folder, { recursive: true }));
const at = (name: string) => path.join(folder, name);

it('a file is read at any offset, but not beyond its end', async () => {
  await writeFile(at('source'), 'hello world');
  const file = await openFile(at('source'));
  expect(file).toMatchObject({ name: 'source', size: 11 });
  expect(Buffer.from(await file.read(6, 5)).toString()).toBe('world');
  expect(await file.read(11, 0)).toHaveLength(0);
  await expect(file.read(6, 6)).rejects.toThrow('was truncated');
  await file.close();
  await expect(openFile(folder)).rejects.toThrow('is not a file');
});

it('a file gets its name only when complete; an interrupted one is resumed', async () => {
  const first = await openSink(at('.part'), at('target'), 11);
  expect(first.offset).toBe(0);
  await first.write(Buffer.from('hello '));
  await first.close();
  expect(await readdir(folder)).not.toContain('target');
  const second = await openSink(at('.part'), at('target'), 11);
  expect(second.offset).toBe(6);
  await second.write(Buffer.from('world'));
  await second.finish();
  await second.close();
  expect(await readFile(at('target'), 'utf8')).toBe('hello world');
  expect(await readdir(folder)).not.toContain('.part');
});

it('a partial file larger than the file is started over', async () => {
  await writeFile(at('.large'), 'too much');
  const sink = await openSink(at('.large'), at('small'), 3);
  expect(sink.offset).toBe(0);
  await sink.write(Buffer.from('abc'));
  await sink.finish();
  await sink.close();
  expect(await readFile(at('small'), 'utf8')).toBe('abc');
});
