import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ensureChromium } from './tools.mjs';

let folder;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'chromium-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('leaves a CHROMIUM that is given', async () => {
  const env = { CHROMIUM: '/opt/chrome', PATH: '' };
  expect(await ensureChromium(env, [])).toBe('CHROMIUM is used: /opt/chrome');
  expect(env.CHROMIUM).toBe('/opt/chrome');
});

it('takes the program from the PATH or from the usual places, and tells where it is', async () => {
  const program = path.join(folder, 'chromium');
  await writeFile(program, '');
  await chmod(program, 0o755);
  for (const [env, folders] of [
    [{ PATH: `/nowhere:${folder}` }, []],
    [{ PATH: '' }, [folder]],
  ]) {
    expect(await ensureChromium(env, folders)).toBe(program);
    expect(env.CHROMIUM).toBe(program);
  }
});

it('says how to get it where there is neither the program nor apt-get', async () => {
  await expect(ensureChromium({ PATH: folder }, [])).rejects.toThrow(
    /no chromium on this machine.*apt-get install chromium.*CHROMIUM/,
  );
});
