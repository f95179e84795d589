import { waitUntil } from '@teamtalk/local-stack';
import { createKit } from '@teamtalk/service-kit';
import type { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { poolOf } from './data-source.js';
import { SharedPoll } from './shared-poll.js';

const kit = createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 1_000 });

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = poolOf(database.dataSource);
  await pool.query('CREATE TABLE note (id int4 PRIMARY KEY)');
});
afterAll(() => database.drop());
beforeEach(() => pool.query('TRUNCATE note'));

test('several questions are asked in one statement, at start and once a second', async () => {
  const query = vi.spyOn(pool, 'query');
  const numbers: unknown[] = [];
  const lists: unknown[] = [];
  const poll = new SharedPoll(pool, kit, [
    { name: 'number', sql: '6 * 7', take: (answer) => void numbers.push(answer) },
    { name: 'list', sql: 'SELECT jsonb_agg(id) FROM note', take: (answer) => void lists.push(answer) },
  ]);
  try {
    await poll.start();
    expect([numbers, lists]).toEqual([[42], [null]]);
    await pool.query('INSERT INTO note VALUES (5)');
    await waitUntil(() => lists.length >= 4, { what: 'three more polls' });
    await poll.stop();
    // One may have come before the note.
    expect(lists.slice(2)).toEqual(lists.slice(2).map(() => [5]));
    expect(numbers).toHaveLength(lists.length);
    expect(query, 'and the note').toHaveBeenCalledTimes(lists.length + 1);
  } finally {
    query.mockRestore();
    await poll.stop();
  }
});

test('a failed poll leaves the answers unchanged, and the next one asks again', async () => {
  const answers: unknown[] = [];
  const poll = new SharedPoll(pool, kit, [
    { name: 'number', sql: '6 * 7', take: (answer) => void answers.push(answer) },
    { name: 'quotient', sql: '1 / (SELECT count(*) FROM note)', take: (answer) => void answers.push(answer) },
  ]);
  try {
    await poll.start();
    expect(answers).toEqual([]);
    await pool.query('INSERT INTO note VALUES (5)');
    await waitUntil(() => answers.length >= 2, { what: 'answers' });
    expect(answers.slice(0, 2)).toEqual([42, '1']);
  } finally {
    await poll.stop();
  }
});
