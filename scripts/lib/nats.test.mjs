import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ensureNats } from './nats.mjs';

let folder;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nats-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('a NATS_URL needs no program', async () => {
  expect(await ensureNats({ NATS_URL: 'nats://elsewhere', PATH: '' }, [])).toBe('NATS_URL is used');
});

it('takes the program from the PATH or from where Debian puts it', async () => {
  const program = path.join(folder, 'nats-server');
  await writeFile(program, '');
  await chmod(program, 0o755);
  expect(await ensureNats({ PATH: `/nowhere:${folder}` }, [])).toBe(program);
  expect(await ensureNats({ PATH: '' }, [folder])).toBe(program);
});

it('says how to get it where there is neither the program nor apt-get', async () => {
  await expect(ensureNats({ PATH: folder }, [])).rejects.toThrow(
    /no nats-server on this machine.*apt-get install nats-server.*brew install nats-server.*NATS_URL/,
  );
});
