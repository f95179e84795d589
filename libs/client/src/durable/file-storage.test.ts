import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FileStorage } from './file-storage.js';
import type { StoredMessage } from './storage.js';

let folder: string;
let file: string;
const opened: FileStorage[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-outbox-'));
  file = path.join(folder, 'outbox.jsonl');
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((storage) => storage.close()));
  await rm(folder, { recursive: true, force: true });
});

const message = (key: string): StoredMessage => ({
  key,
  session: { group: 5 },
  type: 0x11,
  data: Buffer.from(`data of ${key}`),
});

async function loaded(): Promise<[FileStorage, StoredMessage[]]> {
  const storage = new FileStorage(file);
  opened.push(storage);
  return [storage, await storage.load()];
}

const linesOf = async () => (await readFile(file, 'utf8')).split('\n').length - 1;

it('loads messages that were put and not removed, in order, when it is opened again', async () => {
  const [storage, nothing] = await loaded();
  expect(nothing).toEqual([]);
  await Promise.all(['a', 'b', 'c', 'd'].map((key) => storage.put(message(key))));
  await storage.remove('b');
  await storage.remove('never put');
  await storage.close();
  expect((await loaded())[1]).toEqual(['a', 'c', 'd'].map(message));
  expect(await linesOf()).toBe(3);
});

it('loads messages that were put by a process that did not close it', async () => {
  const [storage] = await loaded();
  await storage.put(message('a'));
  expect((await loaded())[1]).toEqual([message('a')]);
});

it('skips a line torn by a crash, and continues', async () => {
  const [storage] = await loaded();
  await storage.put(message('a'));
  await storage.close();
  await appendFile(file, '{"key":"b","da');
  const [next, messages] = await loaded();
  expect(messages).toEqual([message('a')]);
  await next.put(message('c'));
  await next.close();
  expect((await loaded())[1]).toEqual(['a', 'c'].map(message));
});

it('does not grow with removed messages', async () => {
  const [storage] = await loaded();
  await storage.put(message('stays'));
  for (let i = 0; i < 1_100; i++) {
    void storage.put(message(`m${i}`));
    await storage.remove(`m${i}`);
  }
  expect(await linesOf()).toBeLessThan(500);
  await storage.put(message('last'));
  await storage.close();
  expect((await loaded())[1]).toEqual(['stays', 'last'].map(message));
});

it('refuses a file of another kind', async () => {
  await writeFile(file, 'not a line of JSON\n');
  await expect(loaded()).rejects.toThrow(SyntaxError);
});
