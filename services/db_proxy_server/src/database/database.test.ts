import { waitUntil } from '@teamtalk/local-stack';
import { TeamTalkError } from '@teamtalk/service-kit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import type { Query } from './database.js';

let database: TestDatabase;
let context: TestContext;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  await database.dataSource.query('CREATE TABLE note (id int4 PRIMARY KEY)');
});
afterAll(async () => {
  await context.close();
  await database.drop();
});
beforeEach(() => database.dataSource.query('TRUNCATE note'));

const insert = (query: Query, id: number) =>
  query({ name: 'insert_note', text: 'INSERT INTO note (id) VALUES ($1)' }, [id]);

async function notes(): Promise<number[]> {
  const rows: { id: number }[] = await database.dataSource.query('SELECT id FROM note ORDER BY id');
  return rows.map(({ id }) => id);
}

test('a transaction becomes visible when it commits, and returns the result of its work', async () => {
  const result = await context.database.transaction('notes', async (query) => {
    await insert(query, 1);
    await insert(query, 2);
    expect(await notes()).toEqual([]);
    return 'both';
  });
  expect(result).toBe('both');
  expect(await notes()).toEqual([1, 2]);
});

test.each([
  ['a number out of range', 'SELECT $1::int4', 2 ** 32],
  ['a NUL in a text', 'SELECT $1::text', 'a\0b'],
  ['an interval out of range', `SELECT $1::float8 * interval '1 ms'`, Number.NaN],
])('%s is the fault of the caller', async (_, text, value) => {
  await expect(context.database.query({ name: text, text }, [value])).rejects.toMatchObject({
    code: 'invalid-argument',
  });
});

test('probeBy probes by its question once a second, and an SQL error counts as an answer', async () => {
  let asked = 0;
  context.database.probeBy(() => {
    asked++;
    return context.database.pool.query('SELECT 1 / 0');
  });
  await waitUntil(() => asked >= 3, { what: 'three probes' });
  expect(context.database.up).toBe(true);
  context.database.probeBy(() => Promise.reject(new Error('connection refused')));
  await waitUntil(() => !context.database.up, { what: 'PostgreSQL found unavailable' });
  context.database.probeBy(() => context.database.pool.query('SELECT 1'));
  await waitUntil(() => context.database.up, { what: 'PostgreSQL found available' });
});

test('a failed transaction is rolled back, and the connections stay usable', async () => {
  for (let i = 0; i < 10; i++) {
    const failing = context.database.transaction('notes', async (query) => {
      await insert(query, 1);
      throw new TeamTalkError('not-permitted', 'changed its mind');
    });
    await expect(failing).rejects.toMatchObject({ code: 'not-permitted' });
  }
  const broken = context.database.transaction('notes', async (query) => {
    await insert(query, 1);
    await insert(query, 1);
  });
  await expect(broken).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining('notes') });
  await context.database.transaction('notes', (query) => insert(query, 3));
  expect(await notes()).toEqual([3]);
});
