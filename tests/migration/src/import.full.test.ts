import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { MariadbServer, RedisServer, testDatabase } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { differencesFrom } from './legacy/check.js';
import { type LegacyOptions, smallStore } from './legacy/options.js';
import {
  buildLegacyStore,
  imageFolder,
  type LegacyPlaces,
  offlineFolder,
  usualDatabases,
} from './legacy/store.js';

vi.setConfig({ testTimeout: 600_000 });

const teamtalk = fileURLToPath(new URL('../../../services/cli/bin/teamtalk.mjs', import.meta.url));
let folder: string;
let redis: RedisServer;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'import-'));
  await chmod(folder, 0o711);
  redis = await RedisServer.start(at('redis'));
}, 120_000);

afterAll(async () => {
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

function at(name: string) {
  return { dataDir: path.join(folder, name), logFile: path.join(folder, `${name}.log`), port: 0 };
}

/** Both at once in one Redis: their databases differ. */
const stores: [what: string, options: LegacyOptions, databases: LegacyPlaces['databases']][] = [
  ['a store with everything that forks have', smallStore, usualDatabases],
  [
    'a store of March 2015, with one Redis database for all pools',
    {
      ...smallStore,
      seed: 'march',
      transmitFile: false,
      projects: false,
      profiles: false,
      extraColumns: false,
    },
    { unread: 7, group_set: 7, sync: 7, token: 7, group_member: 7 },
  ],
];

it.each(stores)('%s becomes what the generator says', async (name, options, databases) => {
  const mariadb = await MariadbServer.start(at(`mariadb-${name.length}`));
  const database = await testDatabase();
  const storage = path.join(folder, `storage-${options.seed}`);
  await mkdir(storage);
  const files = path.join(folder, `files-${options.seed}`);
  const places: LegacyPlaces = { mysql: mariadb.url, redis: redis.url, databases, folder: files };
  const truth = await buildLegacyStore(options, places);
  const words = [
    ...['import', 'all', '--json', '--report', folder, '--mysql', mariadb.url, '--redis', redis.url],
    ...['--images', imageFolder(places), '--offline-files', offlineFolder(places)],
    ...[
      '--db-numbers',
      Object.entries(databases)
        .map((each) => each.join('='))
        .join(','),
    ],
  ];
  const env = { ...process.env, DATABASE_URL: database.url, STORAGE: 'local', STORAGE_DIR: storage };
  const { status, output } = await run(words, env);
  expect(status, output).toBe(0);
  expect(JSON.parse(output.trim().split('\n').at(-1)!)).toMatchObject({ unexplained: 0 });
  expect(await differencesFrom(truth, database.url, storage)).toEqual([]);
  const copied = ['departments', 'users', 'groups', 'discovery items'];
  const audit = await run(['audit', 'list', '--json', '--verb', 'import.'], env);
  const events = audit.output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(events.map(({ verb, resource }) => [verb, resource])).toEqual(
    copied.map((what) => ['import.copy', what]),
  );
  for (const { actor } of events) expect(actor).toMatch(/^operator ./);
  await database.drop();
  await mariadb.stop();
});

function run(words: string[], env: NodeJS.ProcessEnv): Promise<{ status: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [teamtalk, ...words], { env, maxBuffer: 1e7 }, (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code ?? 1) : 0, output: stderr + stdout });
    });
  });
}
