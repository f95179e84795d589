import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestCluster } from '@teamtalk/cluster';
import { LegacyServers, type TestDatabase, testDatabase } from '@teamtalk/local-stack';
import { DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { importIdeally } from './ideal-import.js';
import { smallStore } from './legacy/options.js';
import { buildLegacyStore, imageFolder, type LegacyPlaces, offlineFolder, placesOn } from './legacy/store.js';
import type { Truth } from './legacy/truth.js';
import { type Running, teamtalk } from './teamtalk.js';

vi.setConfig({ testTimeout: 300_000 });

const guide = fileURLToPath(new URL('../../../docs/guides/migration.md', import.meta.url));

const whole = '--images /old/msfs --offline-files /old/offline_file';
/** the options that the guide abbreviates as `$OLD` */
const evening = `--config /etc/teamtalk ${whole}`;

/** The production store, and the copy for the rehearsal. */
let old: LegacyServers;
let copy: LegacyServers;
let places: LegacyPlaces;
let truth: Truth;
let cluster: TestCluster;
/** stands in for the old msg_servers */
let oldCluster: TestCluster;
let rehearsal: TestDatabase;
/** What the tests replace in the guide's commands: host names, passwords and paths. */
let instead: ReadonlyMap<string, string>;
let inGuide: RegExp;
let commands: string[];
const ran = new Set<string>();

beforeAll(async () => {
  [old, copy, cluster, oldCluster, rehearsal] = await Promise.all([
    LegacyServers.start('runbook'),
    LegacyServers.start('runbook-copy'),
    TestCluster.start({ msfs: 1 }),
    TestCluster.start(),
    testDatabase({ migrated: false }),
  ]);
  places = placesOn(old);
  const options = { ...smallStore, seed: 'runbook' };
  truth = await buildLegacyStore(options, places);
  await buildLegacyStore(options, placesOn(copy));
  await importIdeally(options, oldCluster.database.url, oldCluster.storageFolder);
  await putAvatar();
  const config = path.join(old.folder, 'etc');
  await writeConfiguration(config);
  const users = path.join(old.folder, 'users.tsv');
  await writeFile(users, people(5));
  const mysql = (servers: LegacyServers, account: string) =>
    `mysql://${account}:PASSWORD@127.0.0.1:${servers.mariadb.port}/teamtalk`;
  const clients = (of: TestCluster) => `127.0.0.1:${of.port('msg_server', 0, 'client')}`;
  instead = new Map([
    ['/etc/teamtalk', config],
    ['/old/msfs', imageFolder(places)],
    ['/old/file_server/offline_file', offlineFolder(places)],
    ['/old/offline_file', offlineFolder(places)],
    ['mysql://import:PASSWORD@old:3306/teamtalk', mysql(old, 'import')],
    ['mysql://returner:PASSWORD@old:3306/teamtalk', mysql(old, 'returner')],
    ['mysql://import:PASSWORD@copy:3306/teamtalk', mysql(copy, 'import')],
    ['mysql://returner:PASSWORD@copy:3306/teamtalk', mysql(copy, 'returner')],
    ['redis://old:6379', old.redis.url],
    ['redis://copy:6379', copy.redis.url],
    ['--text-key KEY', `--text-key ${DEFAULT_TEXT_KEY}`],
    ['--old old:8000', `--old ${clients(oldCluster)}`],
    ['--new new:8000', `--new ${clients(cluster)}`],
    ['users.tsv', users],
    ['--via new:8700', `--via 127.0.0.1:${cluster.port('msfs', 0, 'http')}`],
    ['0.0.0.0:9117', '127.0.0.1:39217'],
    ['/tmp/report', path.join(old.folder, 'report')],
    ['/tmp/rehearsal', path.join(old.folder, 'rehearsal')],
  ]);
  inGuide = new RegExp(
    [...instead.keys()].map((each) => each.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')).join('|'),
    'g',
  );
  commands = await commandsOfGuide();
}, 300_000);

afterAll(async () => {
  await Promise.all([cluster?.stop(), oldCluster?.stop()]);
  await rehearsal?.drop();
  await Promise.all([old?.stop(), copy?.stop()]);
});

/** Every `npx teamtalk import` command in the guide, without `npx teamtalk`. */
async function commandsOfGuide(): Promise<string[]> {
  const text = await readFile(guide, 'utf8');
  // The options that $OLD stands for.
  expect(text).toContain(`OLD="${evening}"`);
  const found = text.matchAll(/npx teamtalk (import [^`\n]+)/g);
  return [...new Set([...found].map(([, words]) => words!.trim()))];
}

/** Creates an account with the rights that the guide grants, and no others. */
async function account(servers: LegacyServers, name: string): Promise<void> {
  const text = await readFile(guide, 'utf8');
  const grant = new RegExp(`\`(GRANT [^\`]+ TO '${name}'@'%')\``).exec(text)?.[1];
  expect(grant, `the guide grants ${name} something`).toBeDefined();
  const sql = await createConnection(servers.mariadb.url);
  await sql.query(`CREATE USER '${name}'@'%' IDENTIFIED BY 'PASSWORD'`);
  await sql.query(grant!);
  await sql.end();
}

async function writeConfiguration(folder: string): Promise<void> {
  await mkdir(folder);
  const pools = ['unread', 'group_set', 'sync', 'token', 'group_member'] as const;
  const lines = [
    'DBInstances=teamtalk_master,teamtalk_slave',
    ...['master', 'slave'].flatMap((name) => [
      `teamtalk_${name}_host=127.0.0.1`,
      `teamtalk_${name}_port=${old.mariadb.port}`,
      `teamtalk_${name}_dbname=teamtalk`,
      `teamtalk_${name}_username=import`,
      `teamtalk_${name}_password=PASSWORD`,
    ]),
    `CacheInstances=${pools.join(',')}`,
    ...pools.flatMap((pool) => [
      `${pool}_host=127.0.0.1`,
      `${pool}_port=${old.redis.port}`,
      `${pool}_db=${places.databases[pool]}`,
    ]),
    `aesKey=${DEFAULT_TEXT_KEY}`,
  ];
  await writeFile(path.join(folder, 'dbproxyserver.conf'), `${lines.join('\n')}\n`);
  await writeFile(path.join(folder, 'msfs.conf'), `BaseDir=${imageFolder(places)}\n`);
}

/** Stores an image, and an avatar that refers to it at the address of the old msfs. */
async function putAvatar(): Promise<void> {
  const avatars = [...truth.users.values()].flatMap(({ avatars: all }) => all);
  const url = avatars.find((each) => /^http.*\/g0\//.test(each))!;
  const file = path.join(imageFolder(places), new URL(url).pathname.replace('/g0/', ''));
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, 'picture');
}

/** Lines of a name, a tab and a password, for users who may log in. */
function people(count: number): string {
  return [...truth.users.values()]
    .filter(({ name, password, status }) => name && password && status === 0)
    .slice(0, count)
    .map(({ name, password }) => `${name}\t${password}\n`)
    .join('');
}

/**
 * Starts a command exactly as the guide has it, except for replaced values. A command that the guide names without options gets
 * those of $OLD.
 */
function start(command: string, more = '', env: NodeJS.ProcessEnv = {}): Running {
  expect(commands, 'commands of the guide').toContain(command);
  ran.add(command);
  const isWhole = /--config|--mysql|\$OLD|check-images|compare-answers|import report/.test(command);
  const line = `${command}${isWhole ? '' : ' $OLD'}${more}`.replace('$OLD', evening);
  const words = line.replace(inGuide, (found) => instead.get(found)!).split(' ');
  return teamtalk(words, {
    DATABASE_URL: cluster.database.url,
    STORAGE: 'local',
    STORAGE_DIR: cluster.storageFolder,
    ...env,
  });
}

async function run(command: string, more = '', env: NodeJS.ProcessEnv = {}): Promise<string> {
  const running = start(command, more, env);
  expect(await running.ended, running.output()).toBe(0);
  return running.output();
}

describe('the commands of the guide, in the order of a migration', () => {
  it('the inspection, by accounts that have only the rights that the guide grants', async () => {
    await account(old, 'import');
    await account(old, 'returner');
    await account(copy, 'import');
    await account(copy, 'returner');
    const output = await run('import inspect --config /etc/teamtalk');
    expect(output).toMatch(/\d+ +addresses of msfs in the newest texts and all avatars/);
  });

  it('the rehearsal on a copy', async () => {
    const output = await run(
      `import rehearse --config /etc/teamtalk --mysql mysql://import:PASSWORD@copy:3306/teamtalk --redis redis://copy:6379 --write-mysql mysql://returner:PASSWORD@copy:3306/teamtalk ${whole} --report /tmp/rehearsal`,
      ' --follow 3 --quiet 2',
      { DATABASE_URL: rehearsal.url, STORAGE_DIR: path.join(old.folder, 'rehearsed') },
    );
    expect(output).toMatch(/\ngo\n/);
  });

  it('the copy and the comparison', async () => {
    await run('import copy $OLD --max-load 30');
    await run('import copy');
    const all =
      'import all --config /etc/teamtalk --images /old/msfs --offline-files /old/file_server/offline_file --report /tmp/report';
    expect(await run(all)).toMatch(/unexplained +0/);
    const numbers = 'unread=1,group_set=2,sync=3,token=4,group_member=5';
    await run(
      `import all --mysql mysql://import:PASSWORD@old:3306/teamtalk --redis redis://old:6379 --db-numbers ${numbers} ${whole} --text-key KEY`,
      ' --report /tmp/report',
    );
    expect(await run('import verify')).toMatch(/\n0 unexplained\n/);
    await run('import report', ' --report /tmp/report');
    await run('import compare-answers --old old:8000 --new new:8000 --users users.tsv --sample 20');
  });

  it('everything up to the evening of the cutover', async () => {
    const following = start('import follow $OLD --metrics 0.0.0.0:9117');
    await expect
      .poll(async () => (await fetch('http://127.0.0.1:39217/metrics').catch(() => undefined))?.text(), {
        timeout: 120_000,
      })
      .toMatch(/^teamtalk_import_rows_behind 0$/m);
    following.child.kill('SIGINT');
    expect(await following.ended, following.output()).toBe(0);
    await run('import follow --once');
  });

  it('the evening', async () => {
    const output = await run('import cutover $OLD --within 60 --report /tmp/report', ' --quiet 2');
    expect(output).toMatch(/\ngo\n1\. start the new servers/);
    expect(await run('import check-images --via new:8700')).toMatch(/8700 .* images: answers/);
    // In the test nothing redirects the old host name.
    const away = start('import check-images');
    expect(await away.ended).toBe(1);
    expect(away.output()).toMatch(/clients cannot load images from there/);
  });

  it('the rollback', async () => {
    const words = '--write-mysql mysql://returner:PASSWORD@old:3306/teamtalk';
    for (const command of [
      `import rollback $OLD ${words}`,
      `import rollback --config /etc/teamtalk ${whole} ${words}`,
    ]) {
      const returning = start(command);
      await expect
        .poll(() => returning.output(), { timeout: 120_000 })
        .toMatch(/writing back: \d+ messages so far/);
      returning.child.kill('SIGINT');
      expect(await returning.ended, returning.output()).toBe(0);
    }
    expect(await run(`import rollback $OLD ${words} --once`)).toMatch(
      /start the old servers: db_proxy_server, /,
    );
  });

  it('and no command is left untested', () => {
    expect(commands.filter((command) => !ran.has(command))).toEqual([]);
  });
});
