import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { makeProcessFolder } from './process-folder.js';

/** A purpose of this test's own: other tests may use the same temporary folder. */
const purpose = `test${randomBytes(6).toString('hex')}`;
const present = async () => (await readdir(tmpdir())).filter((name) => name.includes(purpose)).sort();

afterEach(async () => {
  for (const name of await present()) await rm(path.join(tmpdir(), name), { recursive: true });
});

async function leave(pid: number | undefined, end: string): Promise<string> {
  const name = `teamtalk-${purpose}-${pid}-${end}`;
  await mkdir(path.join(tmpdir(), name));
  await writeFile(path.join(tmpdir(), name, 'half.part'), 'half');
  return name;
}

it('removes folders of killed processes and nothing else', async () => {
  const { pid: dead } = spawnSync(process.execPath, ['-e', '']);
  await leave(dead, 'abcdef');
  const alive = await leave(process.ppid, 'abcdef');
  const odd = await leave(dead, 'abc.ef');
  const linked = `teamtalk-${purpose}-${dead}-linked`;
  await symlink(path.join(tmpdir(), alive), path.join(tmpdir(), linked));
  const made = await makeProcessFolder(purpose);
  const second = await makeProcessFolder(purpose);
  const left = [alive, odd, linked, path.basename(made), path.basename(second)];
  expect(await present()).toEqual(left.sort());
  expect(await readdir(path.join(tmpdir(), alive))).toEqual(['half.part']);
});

it('removes the folder of an earlier process with the same pid, as in a restarted container', async () => {
  await leave(process.pid, 'abcdef');
  const made = await makeProcessFolder(purpose);
  expect(await present()).toEqual([path.basename(made)]);
});
