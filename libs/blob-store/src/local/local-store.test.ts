import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LocalBlobStore } from './local-store.js';

let folder: string;
let store: LocalBlobStore;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-store-'));
  store = new LocalBlobStore({ folder, timeoutMs: 5_000 });
});
afterEach(() => rm(folder, { recursive: true }));

it('serves files that another program put there', async () => {
  await mkdir(path.join(folder, 'g0/000/001'), { recursive: true });
  await writeFile(path.join(folder, 'g0/000/001/old.jpeg'), 'old');
  expect(await store.head('g0/000/001/old.jpeg')).toMatchObject({ size: 3 });
  expect((await store.list('g0/')).map(({ key }) => key)).toEqual(['g0/000/001/old.jpeg']);
});

it('does not follow a symbolic link in the place of a blob', async () => {
  await writeFile(path.join(folder, 'outside'), 'secret');
  await symlink(path.join(folder, 'outside'), path.join(folder, 'link'));
  await expect(store.get('link')).rejects.toMatchObject({ code: 'not-found' });
  expect((await store.list('')).map(({ key }) => key)).toEqual(['outside']);
});

it('refuses a key that is a folder of another key', async () => {
  await store.put('a', Buffer.from('1'));
  await expect(store.put('a/b', Buffer.from('2'))).rejects.toMatchObject({ code: 'invalid-key' });
  await store.put('c/d', Buffer.from('3'));
  await expect(store.put('c', Buffer.from('4'))).rejects.toMatchObject({ code: 'invalid-key' });
  expect(await readdir(path.join(folder, '.tmp'))).toEqual([]);
});

it('removes empty folders, also during concurrent puts', async () => {
  const rounds = Array.from({ length: 100 }, async (_, i) => {
    await store.put(`x/y/${i}`, Buffer.from('1'));
    await store.delete(`x/y/${i}`);
  });
  await Promise.all(rounds);
  expect(await readdir(folder)).toEqual(['.tmp']);
});

it('sweeps unfinished uploads of dead processes', async () => {
  const [old, young] = ['old.part', 'young.part'].map((name) => path.join(folder, '.tmp', name));
  await writeFile(old!, 'half');
  await utimes(old!, new Date(), new Date(Date.now() - 100_000));
  await writeFile(young!, 'half');
  expect(await store.sweep(50_000)).toBe(1);
  expect(await readdir(path.join(folder, '.tmp'))).toEqual(['young.part']);
});

it('fails its health check when its folder is gone', async () => {
  await rm(folder, { recursive: true });
  await expect(store.check()).rejects.toMatchObject({ name: 'StorageError' });
  await expect(store.put('a', Buffer.from('1'))).rejects.toMatchObject({ name: 'StorageError' });
  await mkdir(folder);
});

it('fails to open when its folder cannot be created', async () => {
  await writeFile(path.join(folder, 'file'), '');
  const inFile = path.join(folder, 'file', 'below');
  expect(() => new LocalBlobStore({ folder: inFile, timeoutMs: 1_000 })).toThrow('cannot be created');
});
