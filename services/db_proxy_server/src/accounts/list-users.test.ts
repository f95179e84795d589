import { teamtalk } from '@teamtalk/rpc';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { purgeListChanges } from './list-changes.js';
import { accountsRpc } from './rpc.js';

let database: TestDatabase;
let context: TestContext;
let rpc: ReturnType<typeof accountsRpc>;
let list: (since: number) => Promise<{ names: string[]; watermark: number; etag: string }>;
let isUnchanged: (etag: string) => Promise<boolean>;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  rpc = accountsRpc(context);
  const handler = rpc.listUsers;
  list = async (updatedSince) => {
    const reply = await handler(new teamtalk.db.ListUsersRequest({ updatedSince }));
    return {
      names: (reply.users ?? []).map((user) => user.userDomain as string),
      watermark: reply.latestUpdateTime as number,
      etag: reply.etag as string,
    };
  };
  isUnchanged = async (knownEtag) => {
    const reply = await handler(new teamtalk.db.ListUsersRequest({ knownEtag }));
    // A list that is not unchanged is returned in full.
    expect(reply.latestUpdateTime === undefined).toBe(reply.unchanged === true);
    return reply.unchanged === true;
  };
});
afterAll(async () => {
  await context.close();
  await database.drop();
});
beforeEach(async () => {
  await database.dataSource.query('DELETE FROM im_user');
  await database.dataSource.query(
    `INSERT INTO im_user (name, password_hash, status) VALUES ('ann', '', 0), ('bob', '', 1), ('gone', '', 3)`,
  );
  await database.dataSource.query(`UPDATE im_user SET updated_at = to_timestamp(1000)`);
});

function now(): number {
  return Math.floor(Date.now() / 1000);
}

test('0 returns everybody who is not disabled', async () => {
  const { names, watermark } = await list(0);
  expect(names).toEqual(['ann', 'bob']);
  expect(watermark).toBeGreaterThan(now() - 10);
  expect(watermark).toBeLessThan(now());
});

test.each(['x', '/', '1/x', 'a\0b', "1/1:2:'"])('what is no etag has changed: %j', async (text) => {
  expect(await isUnchanged(text)).toBe(false);
});

test('any other time returns the users changed since, including disabled ones', async () => {
  const { watermark } = await list(0);
  expect((await list(watermark)).names).toEqual([]);
  await database.dataSource.query(`UPDATE im_user SET status = 3 WHERE name = 'bob'`);
  await database.dataSource.query(`INSERT INTO im_user (name, password_hash) VALUES ('new', '')`);
  expect((await list(watermark)).names).toEqual(['bob', 'new']);
  expect((await list(0)).names).toEqual(['ann', 'new']);
});

test('a change in the same second as a reply is part of the next one', async () => {
  for (let round = 0; round < 5; round++) {
    const { watermark } = await list(0);
    await database.dataSource.query('UPDATE im_user SET nick_name = $1 WHERE name = $2', [`${round}`, 'ann']);
    expect((await list(watermark)).names).toContain('ann');
  }
});

test('a time in the future gets a watermark that misses no change', async () => {
  const { names, watermark } = await list(now() + 1_000_000);
  expect(names).toEqual([]);
  expect(watermark).toBeLessThan(now());
});

test('changes that others cannot see do not count', async () => {
  const { watermark } = await list(0);
  await database.dataSource.query(`UPDATE im_user SET password_hash = 'x', push_shield = true`);
  expect((await list(watermark)).names).toEqual([]);
});

test('a change that commits long after it was written is not missed', async () => {
  const writer = new pg.Client({ connectionString: database.url });
  await writer.connect();
  try {
    // As if the transaction had begun and written a minute ago.
    await writer.query('BEGIN');
    await writer.query(`UPDATE im_user SET nick_name = 'late' WHERE name = 'ann'`);
    const [{ begun }] = (await writer.query('SELECT floor(extract(epoch FROM now()))::float8 AS begun'))
      .rows as [{ begun: number }];
    await expect.poll(now, { timeout: 10_000, interval: 50 }).toBeGreaterThan(begun + 3);

    const before = await list(0);
    expect(before.watermark).toBeLessThanOrEqual(begun);
    await writer.query('COMMIT');
    expect((await list(before.watermark)).names).toEqual(['ann']);
    // The finished transaction no longer holds the watermark back.
    expect((await list(0)).watermark).toBeGreaterThan(begun);
  } finally {
    await writer.end();
  }
});

test('a transaction that only reads, or writes to other tables, does not hold the watermark back', async () => {
  const other = new pg.Client({ connectionString: database.url });
  await other.connect();
  try {
    await other.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const [{ begun }] = (
      await other.query('SELECT floor(extract(epoch FROM now()))::float8 AS begun, count(*) FROM im_user')
    ).rows as [{ begun: number }];
    await other.query(`INSERT INTO department (name) VALUES ('d')`);
    await expect.poll(now, { timeout: 10_000, interval: 50 }).toBeGreaterThan(begun + 3);
    expect((await list(0)).watermark).toBeGreaterThan(begun);

    // If it writes later, the row is stamped with the time of writing, not of BEGIN.
    const { watermark } = await list(0);
    await other.query(`UPDATE im_user SET nick_name = 'later' WHERE name = 'bob'`);
    await other.query('COMMIT');
    expect((await list(watermark)).names).toEqual(['bob']);
  } finally {
    await other.end();
  }
});

test('concurrent identical requests share one reply', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => list(0)));
  for (const { names } of answers) expect(names).toEqual(['ann', 'bob']);
});

test('a list is unchanged until a visible field of a user changes', async () => {
  const { etag } = await list(0);
  expect(await isUnchanged(etag)).toBe(true);
  await database.dataSource.query(`UPDATE im_user SET password_hash = 'y', push_shield = false`);
  await database.dataSource.query(`INSERT INTO department (name) VALUES ('elsewhere')`);
  expect(await isUnchanged(etag)).toBe(true);
  expect(await isUnchanged('')).toBe(false);
  expect(await isUnchanged('of another time/1:1:')).toBe(false);
});

test.each([
  `UPDATE im_user SET nick_name = 'other' WHERE name = 'ann'`,
  `UPDATE im_user SET status = 3 WHERE name = 'bob'`,
  `INSERT INTO im_user (name, password_hash) VALUES ('new', '')`,
  `DELETE FROM im_user WHERE name = 'gone'`,
  'TRUNCATE im_user CASCADE',
])('%s: the list is no longer unchanged', async (change) => {
  const { etag } = await list(0);
  await database.dataSource.query(change);
  expect(await isUnchanged(etag)).toBe(false);
  expect(await isUnchanged((await list(0)).etag)).toBe(true);
});

test('a change counts from its commit on, a rolled-back one never', async () => {
  const writer = new pg.Client({ connectionString: database.url });
  await writer.connect();
  try {
    await writer.query('BEGIN');
    await writer.query(`UPDATE im_user SET nick_name = 'not yet' WHERE name = 'ann'`);
    const { etag } = await list(0);
    // Other transactions commit meanwhile: neither transaction id order nor time order matters.
    await database.dataSource.query(`UPDATE im_user SET nick_name = 'before' WHERE name = 'bob'`);
    const later = await list(0);
    expect(await isUnchanged(later.etag)).toBe(true);
    await writer.query('COMMIT');
    expect(await isUnchanged(etag)).toBe(false);
    expect(await isUnchanged(later.etag)).toBe(false);

    const last = await list(0);
    await writer.query('BEGIN');
    await writer.query(`UPDATE im_user SET nick_name = 'never' WHERE name = 'ann'`);
    await writer.query('ROLLBACK');
    expect(await isUnchanged(last.etag)).toBe(true);
  } finally {
    await writer.end();
  }
});

test('recorded changes are purged after they have been visible for some rounds', async () => {
  const noted = async () => {
    const [row] = await database.dataSource.query('SELECT count(*)::int4 AS count FROM list_change');
    return row.count as number;
  };
  const { etag } = await list(0);
  const purge = purgeListChanges(context.database);
  await database.dataSource.query(`UPDATE im_user SET nick_name = 'noted'`);
  // As restored from a server with higher transaction ids.
  await database.dataSource.query(
    `INSERT INTO list_change VALUES ('im_user', (pg_snapshot_xmax(pg_current_snapshot())::text::int8 + 1000000)::text::xid8)`,
  );
  for (let round = 0; round < 5; round++) await purge();
  expect(await noted()).toBeGreaterThan(1);
  expect(await isUnchanged(etag)).toBe(false);
  expect(await purge()).toBeGreaterThan(1);
  expect(await noted()).toBe(0);

  await database.dataSource.query(`UPDATE im_user SET nick_name = 'later'`);
  await purge();
  expect(await noted()).toBe(1);
});

test('a role that may change users needs no right on list_change', async () => {
  const { etag } = await list(0);
  const writer = new pg.Client({ connectionString: database.url });
  await writer.connect();
  try {
    await writer.query('BEGIN');
    await writer.query('CREATE ROLE list_changes_writer');
    await writer.query('GRANT SELECT, UPDATE ON im_user TO list_changes_writer');
    await writer.query('SET LOCAL ROLE list_changes_writer');
    await writer.query(`UPDATE im_user SET nick_name = 'by another' WHERE name = 'ann'`);
    await writer.query('RESET ROLE');
    await writer.query('REVOKE ALL ON im_user FROM list_changes_writer');
    await writer.query('DROP ROLE list_changes_writer');
    await writer.query('COMMIT');
    expect(await isUnchanged(etag)).toBe(false);
  } finally {
    await writer.end();
  }
});
