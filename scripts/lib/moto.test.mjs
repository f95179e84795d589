import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ensureMoto } from './moto.mjs';

let folder;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'moto-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('takes the program from the PATH or from the usual places', async () => {
  const program = path.join(folder, 'moto_server');
  await writeFile(program, '');
  await chmod(program, 0o755);
  expect(await ensureMoto({ PATH: `/nowhere:${folder}` }, [])).toBe(program);
  expect(await ensureMoto({ PATH: '' }, [folder])).toBe(program);
});

it('says how to get it where there is neither the program nor apt-get', async () => {
  await expect(ensureMoto({ PATH: folder }, [])).rejects.toThrow(
    /no moto_server on this machine.*apt-get install python3-moto/,
  );
});
