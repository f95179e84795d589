import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ensureChromium, ensureGo } from './tools.mjs';

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

it('names missing Go libraries, and how to install them', async () => {
  await mkdir(path.join(folder, 'src/sigs.k8s.io/yaml'), { recursive: true });
  const env = { PATH: '', GO: '/opt/go', GO_LIBRARIES: folder };
  await expect(ensureGo(env, [])).rejects.toThrow(
    /no github\.com\/Masterminds\/sprig in .*apt-get install golang-go .*GO_LIBRARIES/,
  );
  await mkdir(path.join(folder, 'src/github.com/Masterminds/sprig'), { recursive: true });
  expect(await ensureGo(env, [])).toBe('GO is used: /opt/go');
});
