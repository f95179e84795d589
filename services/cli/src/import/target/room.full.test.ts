import { type TestDatabase, testDatabase, waitUntil } from '@teamtalk/local-stack';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keptTables } from '../copy/accounts.js';
import { finishPartition } from '../copy/conversations.js';
import { positionTables } from '../copy/positions.js';
import { sessionStaging } from '../copy/sessions.js';
import { messageStaging } from '../copy/stage-messages.js';
import { TargetDatabase } from './database.js';
import { requireRoom, roomForCopy, roomToNumber } from './room.js';
import { ImportState } from './state.js';

const memory = 1024 * 1024;

let installation: TestDatabase;
let client: pg.Client;
let database: TargetDatabase;

beforeAll(async () => {
  installation = await testDatabase();
  client = new pg.Client(installation.url);
  await client.connect();
  database = new TargetDatabase(installation.url, 3);
  await new ImportState(database).open('nowhere', [
    ...keptTables,
    ...sessionStaging,
    ...messageStaging,
    ...positionTables,
  ]);
}, 60_000);

afterAll(async () => {
  await database?.close();
  await client?.end();
  await installation?.drop();
});

async function number(sql: string): Promise<number> {
  return Number(Object.values((await client.query(sql)).rows[0] as object)[0]);
}

const temporary = () => number('SELECT temp_bytes FROM pg_stat_database WHERE datname = current_database()');

test('numbering takes no more space than was checked for, including temporary files', async () => {
  // One conversation, and so one partition, larger than the memory of a sort.
  await client.query(`
    INSERT INTO legacy_import.message
    SELECT 1::int8 << 32 | 2, 1, n, 1, n, 1, 1000000 - n, 0, convert_to(repeat(md5(n::text), 6), 'UTF8')
    FROM generate_series(1, 100000) AS n`);
  const part = await number(
    `SELECT substring(tableoid::regclass::text FROM '\\d+$')::int FROM legacy_import.message LIMIT 1`,
  );
  const needed = await roomToNumber(database, [part], memory);
  const before = await temporary();
  await database.transaction(async (session) => {
    await session.run(`SET LOCAL work_mem = ${memory / 1024}`);
    await finishPartition(session, part);
    await session.rows('SELECT pg_stat_force_next_flush()');
  });
  await waitUntil(async () => (await temporary()) > before, { timeoutMs: 10_000, what: 'statistics' });
  const spilled = (await temporary()) - before;
  expect(spilled).toBeGreaterThan(needed.temporaryBytes / 2);
  expect(spilled).toBeLessThanOrEqual(needed.temporaryBytes);
  const placed = await number(`SELECT pg_total_relation_size('message_p${part}')`);
  expect(placed).toBeGreaterThan(needed.databaseBytes / 2);
  expect(placed).toBeLessThanOrEqual(needed.databaseBytes);
});

test('a large copy needs space for temporary files, a small one does not', () => {
  const gigabyte = 1024 ** 3;
  expect(roomForCopy(gigabyte, 0)).toEqual({ databaseBytes: 2.5 * gigabyte, temporaryBytes: 0 });
  expect(roomForCopy(16 * gigabyte, 8 * gigabyte)).toEqual({
    databaseBytes: 56 * gigabyte,
    temporaryBytes: 8 * gigabyte,
  });
});

test('an error about too little space includes what temporary files need', async () => {
  const asked = { databaseBytes: 2e15, temporaryBytes: 1e15 };
  await expect(requireRoom(database, asked, 'Nothing was changed.')).rejects.toThrow(
    /enough disk space: [\d.]+ [MG]B free in .*, about 3000000.0 GB needed, 1000000.0 GB of it for temporary files while messages are numbered. Nothing was changed\.$/,
  );
});
