// Another commit of this repository beside this one, installed and built: for running two versions together. As a
// program it takes the commit and prints the folder as its last line.
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pnpmProgram } from './lib/bootstrap.mjs';
import { run, StepError, step, top } from './lib/steps.mjs';

const migrations = 'services/db_proxy_server/src/migrations';

/**
 * Brings a commit's files to .data/checkouts/<commit> and builds them, unless they are there from an earlier time.
 * @param ref a commit, or `migration`: the one before the newest migration
 * @returns the folder
 */
async function checkOut(ref) {
  const commit = ref === 'migration' ? await beforeNewestMigration() : await commitOf(ref);
  const folder = path.join(top, '.data/checkouts', commit);
  await step(`checkout ${commit.slice(0, 9)}`, async () => {
    if (existsSync(folder)) return 'built before';
    const unfinished = `${folder}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    const archive = path.join(unfinished, 'files.tar');
    await run('git', ['archive', '--output', archive, commit]);
    await run('tar', ['-xf', archive, '-C', unfinished]);
    await rm(archive);
    const cwd = unfinished;
    // CI: pnpm then never asks. What this version uses too is in its store already.
    const words = ['install', '--frozen-lockfile', '--prefer-offline'];
    await run(await pnpmProgram(), words, { cwd, env: { CI: 'true' } });
    await run('npm', ['run', 'build'], { cwd });
    await rename(unfinished, folder);
    return 'built';
  });
  return folder;
}

async function commitOf(ref) {
  return (await run('git', ['rev-parse', '--verify', `${ref}^{commit}`])).trim();
}

async function beforeNewestMigration() {
  const newest = await run('git', [
    'log',
    '-1',
    '--format=%H',
    '--diff-filter=A',
    '--',
    `${migrations}/[0-9]*.ts`,
  ]);
  if (newest.trim() === '') throw new StepError('No commit here adds a migration.');
  return commitOf(`${newest.trim()}^`);
}

process.stdout.write(`${await checkOut(process.argv[2] ?? '')}\n`);
