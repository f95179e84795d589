import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { LegacyServers, type TestDatabase, testDatabase } from '@teamtalk/local-stack';
import { DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { smallStore } from './legacy/options.js';
import { buildLegacyStore, imageFolder, type LegacyPlaces, offlineFolder, placesOn } from './legacy/store.js';

vi.setConfig({ testTimeout: 300_000 });

const root = fileURLToPath(new URL('../../..', import.meta.url));
let legacy: LegacyServers;
/** a folder below the repository, in which npx finds the command */
let here: string;
let database: TestDatabase;
let places: LegacyPlaces;

beforeAll(async () => {
  await mkdir(path.join(root, '.data'), { recursive: true });
  here = await mkdtemp(path.join(root, '.data', 'import-all-'));
  [legacy, database] = await Promise.all([
    LegacyServers.start('import-all'),
    testDatabase({ migrated: false }),
  ]);
  places = placesOn(legacy);
  await buildLegacyStore({ ...smallStore, seed: 'all' }, places);
}, 180_000);

afterAll(async () => {
  await database?.drop();
  await legacy?.stop();
  await rm(here, { recursive: true, force: true });
});

/** Runs the command in a shell as an administrator does, with DATABASE_URL as the only variable. */
function all(more = ''): Promise<{ status: number; output: string; errors: string }> {
  const line = `npx teamtalk import all --mysql ${places.mysql} --redis ${places.redis} --images ${imageFolder(places)} --offline-files ${offlineFolder(places)} --db-numbers unread=1,group_set=2,sync=3,token=4,group_member=5${more}`;
  const others = Object.entries(process.env).filter(([name]) => !/^(?:STORAGE.*|TEXT_KEY)$/.test(name));
  const env = { ...Object.fromEntries(others), DATABASE_URL: database.url };
  return new Promise((resolve) => {
    execFile('/bin/sh', ['-c', line], { cwd: here, env, maxBuffer: 1e7 }, (error, output, errors) => {
      resolve({ status: error ? Number(error.code ?? 1) : 0, output, errors });
    });
  });
}

const totals = (output: string) => JSON.parse(output.trim().split('\n').at(-1)!) as Record<string, number>;

async function sql(statement: string): Promise<void> {
  const client = new pg.Client(database.url);
  await client.connect();
  await client.query(statement);
  await client.end();
}

it('inspects, copies and verifies in one go into an empty installation', async () => {
  const { status, output, errors } = await all(` --text-key '${DEFAULT_TEXT_KEY}' --json`);
  expect(status, output + errors).toBe(0);
  expect(totals(output)).toMatchObject({ unexplained: 0, images: expect.any(Number) });
  expect(totals(output).messages).toBeGreaterThan(1_000);
  for (const name of ['teamtalk-import.html', 'teamtalk-import.json'])
    expect(existsSync(path.join(here, name)), name).toBe(true);
});

it('refuses a key that does not decrypt the texts', async () => {
  const { status, errors } = await all(` --text-key ${'k'.repeat(32)} --json`);
  expect(status).toBe(1);
  expect(errors).toMatch(/the text key decrypts only 0 of \d+ sampled texts/);
});

it('exits with a different status when there are unexplained differences, and says how many', async () => {
  await sql(
    `DELETE FROM message WHERE (conv, id) = (SELECT conv, last_id FROM conversation WHERE last_id > 1 ORDER BY conv LIMIT 1)`,
  );
  const { status, output, errors } = await all(' --json');
  expect(status, errors).toBe(1);
  expect(totals(output).unexplained).toBeGreaterThan(0);
  expect(errors).toMatch(/are unexplained: the report has samples of each kind/);
});
