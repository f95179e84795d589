import { teamtalk } from '@teamtalk/rpc';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { listUsers } from './list-users.js';

let database: TestDatabase;
let context: TestContext;
let list: (since: number) => Promise<{ names: string[]; mark: number }>;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  const handler = listUsers(context);
  list = async (updatedSince) => {
    const reply = await handler(new teamtalk.db.ListUsersRequest({ updatedSince }));
    return {
      names: (reply.users ?? []).map((user) => user.userDomain as string),
      mark: reply.latestUpdateTime as number,
    };
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

test('0 asks for everybody who has not left', async () => {
  const { names, mark } = await list(0);
  expect(names).toEqual(['ann', 'bob']);
  expect(mark).toBeGreaterThan(now() - 10);
  expect(mark).toBeLessThan(now());
});

test('otherwise those changed since, and who has left is among them', async () => {
  const { mark } = await list(0);
  expect((await list(mark)).names).toEqual([]);
  await database.dataSource.query(`UPDATE im_user SET status = 3 WHERE name = 'bob'`);
  await database.dataSource.query(`INSERT INTO im_user (name, password_hash) VALUES ('new', '')`);
  expect((await list(mark)).names).toEqual(['bob', 'new']);
  expect((await list(0)).names).toEqual(['ann', 'new']);
});

test('a change in the very second of the answer is in the next one', async () => {
  for (let round = 0; round < 5; round++) {
    const { mark } = await list(0);
    await database.dataSource.query('UPDATE im_user SET nick_name = $1 WHERE name = $2', [`${round}`, 'ann']);
    expect((await list(mark)).names).toContain('ann');
  }
});

test('a time in the future is answered with one that misses nothing', async () => {
  const { names, mark } = await list(now() + 1_000_000);
  expect(names).toEqual([]);
  expect(mark).toBeLessThan(now());
});

test('what is no change for others does not count as one', async () => {
  const { mark } = await list(0);
  await database.dataSource.query(`UPDATE im_user SET password_hash = 'x', push_shield = true`);
  expect((await list(mark)).names).toEqual([]);
});

test('a change that commits long after it was made is not missed', async () => {
  const writer = new pg.Client({ connectionString: database.url });
  await writer.connect();
  try {
    // As if the transaction had begun a minute ago and written then.
    await writer.query('BEGIN');
    await writer.query(`UPDATE im_user SET nick_name = 'late' WHERE name = 'ann'`);
    const [{ begun }] = (await writer.query('SELECT floor(extract(epoch FROM now()))::float8 AS begun'))
      .rows as [{ begun: number }];
    await expect.poll(now, { timeout: 10_000, interval: 50 }).toBeGreaterThan(begun + 3);

    const before = await list(0);
    expect(before.mark).toBeLessThanOrEqual(begun);
    await writer.query('COMMIT');
    expect((await list(before.mark)).names).toEqual(['ann']);
    // And it does not hold anybody back any longer.
    expect((await list(0)).mark).toBeGreaterThan(begun);
  } finally {
    await writer.end();
  }
});

test('a transaction that only reads, or writes elsewhere, holds nothing back', async () => {
  const other = new pg.Client({ connectionString: database.url });
  await other.connect();
  try {
    await other.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const [{ begun }] = (
      await other.query('SELECT floor(extract(epoch FROM now()))::float8 AS begun, count(*) FROM im_user')
    ).rows as [{ begun: number }];
    await other.query(`INSERT INTO department (name) VALUES ('d')`);
    await expect.poll(now, { timeout: 10_000, interval: 50 }).toBeGreaterThan(begun + 3);
    expect((await list(0)).mark).toBeGreaterThan(begun);

    // It may write after all: then with the time of writing, not that of its begin.
    const { mark } = await list(0);
    await other.query(`UPDATE im_user SET nick_name = 'later' WHERE name = 'bob'`);
    await other.query('COMMIT');
    expect((await list(mark)).names).toEqual(['bob']);
  } finally {
    await other.end();
  }
});

test('callers that ask for the same at once share the answer', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => list(0)));
  for (const { names } of answers) expect(names).toEqual(['ann', 'bob']);
});
