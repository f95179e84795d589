import { waitUntil } from '@teamtalk/local-stack';
import { createKit } from '@teamtalk/service-kit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SharedPoll } from '../database/shared-poll.js';
import { MessageSender } from '../testing/message-sender.js';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { ErasureWorker } from './erasure-worker.js';

const actor = { name: 'console ann', asUser: 0, source: '127.0.0.1' };
const erasedText = Buffer.from('erased');

let database: TestDatabase;
let context: TestContext;
let sender: MessageSender;
let stops: (() => Promise<void>)[];

beforeEach(async () => {
  stops = [];
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  sender = new MessageSender(context.database.pool);
  await sql(
    `INSERT INTO im_user (id, name, nick_name, real_name, email, tel, sign_info, password_hash, status)
     VALUES (1, 'ann', 'Ann', 'Ann Li', 'ann@example.com', '+49-1', 'hello there', 'hash', 0), (2, 'bob', '', '', '', '', '', '', 0),
       (3, 'cat', '', '', '', '', '', '', 0)`,
  );
  await sql(`INSERT INTO chat_group (id, name, type) VALUES (5, 'team', 2), (6, 'crew', 2)`);
  await sql('INSERT INTO group_member (group_id, user_id) VALUES (5, 1), (5, 2), (6, 1), (6, 3)');
});
afterEach(async () => {
  await Promise.all(stops.map((stop) => stop()));
  await context.close();
  await database.drop();
});

const sql = (text: string, values: unknown[] = []) => database.dataSource.query(text, values);

async function send(from: number, to: number, group = false): Promise<void> {
  await sender.send({ from, to, group, text: `of ${from}` });
}

/** The text of all messages, by conversation. */
async function texts(): Promise<Record<string, string[]>> {
  const rows: { conv: string; texts: string[] }[] = await sql(
    `SELECT CASE WHEN conv < 4294967296 THEN 'group ' || conv ELSE (conv >> 32) || '-' || (conv & 4294967295) END AS conv,
       array_agg(convert_from(data, 'UTF8') ORDER BY id) AS texts
     FROM message GROUP BY message.conv ORDER BY message.conv`,
  );
  return Object.fromEntries(rows.map(({ conv, texts: found }) => [conv, found]));
}

async function erased(userId = 1): Promise<number> {
  const outcome = await context.erasures.request(userId, 'request 9', actor);
  if (outcome.result !== 'saved') throw new Error(outcome.result);
  if (stops.length === 0) {
    const kit = createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 1_000 });
    const worker = new ErasureWorker(context.database, kit, erasedText);
    const poll = new SharedPoll(context.database.pool, kit, [worker.question]);
    await poll.start();
    stops.push(async () => {
      await poll.stop();
      await worker.stop();
    });
  }
  await waitUntil(async () => (await context.erasures.all()).every(({ finishedAt }) => finishedAt !== null), {
    what: 'the end of the erasure',
    timeoutMs: 30_000,
  });
  return outcome.id;
}

const leave = (userId: number) => sql('UPDATE im_user SET status = 3 WHERE id = $1', [userId]);

it('erases a user’s data and messages, and nobody else’s; message ids stay', async () => {
  await send(1, 2);
  await send(2, 1);
  await send(1, 5, true);
  await send(2, 5, true);
  await send(3, 6, true);
  await send(2, 3);
  await sql(`INSERT INTO device_token (user_id, client_type, token) VALUES (1, 17, 'a'), (2, 17, 'b')`);
  await sql(`INSERT INTO login_place (user_id, place) VALUES (1, '10.0.0.1'), (2, '10.0.0.1')`);
  await sql(
    `INSERT INTO login_failure (name, place, failed_at, last_at) VALUES ('ann', '10.0.0.1', ARRAY[now()], now())`,
  );
  await sql(`INSERT INTO user_import (file_name, created_by) VALUES ('people.csv', 'test')`);
  await sql(
    `INSERT INTO user_import_row (import_id, row_no, name, fields, outcome, faults, user_id)
      SELECT id, n, CASE n WHEN 4 THEN 'bea' ELSE 'ann' END, '{}', 'same', '[]', nullif(n, 3)
      FROM user_import, unnest(ARRAY[1, 3, 4]) AS n`,
  );
  // She has left one of the groups.
  await sql('DELETE FROM group_member WHERE group_id = 5 AND user_id = 1');
  await leave(1);
  const id = await erased();
  expect(await texts()).toEqual({
    'group 5': ['erased', 'of 2'],
    'group 6': ['of 3'],
    '1-2': ['erased', 'of 2'],
    '2-3': ['of 2'],
  });
  expect(await sql('SELECT DISTINCT type FROM message WHERE from_id = 1 ORDER BY type')).toEqual([
    { type: 1 },
    { type: 17 },
  ]);
  const [user] = await sql('SELECT * FROM im_user WHERE id = 1');
  expect(user).toMatchObject({
    name: 'erased-1',
    nick_name: 'erased-1',
    real_name: 'erased-1',
    password_hash: '!',
  });
  expect(JSON.stringify(user)).not.toMatch(/ann|Ann|\+49|hello/);
  expect(await sql('SELECT user_id FROM device_token')).toEqual([{ user_id: 2 }]);
  expect(await sql('SELECT user_id FROM push_device')).toEqual([{ user_id: 2 }]);
  expect(await sql('SELECT user_id FROM login_place')).toEqual([{ user_id: 2 }]);
  expect(await sql('SELECT name FROM login_failure')).toEqual([]);
  expect(await sql('SELECT name FROM user_import_row')).toEqual([{ name: 'bea' }]);
  expect(await context.erasures.all()).toMatchObject([
    {
      id,
      userId: 1,
      name: 'erased-1',
      reason: 'request 9',
      messages: 2,
      held: 0,
      devices: 1,
      places: 1,
      files: 0,
    },
  ]);
  const history = await context.messages.history({ userId: 2, isGroup: false, sessionId: 1 }, 0x7fffffff, 9);
  expect(history.map(({ id: msgId }) => msgId)).toEqual([2, 1]);
});

it('records one event for the request and one for the end, without the name', async () => {
  await send(1, 2);
  await leave(1);
  const id = await erased();
  const rows = await sql(
    `SELECT actor, verb, resource, after::text AS after FROM audit_event WHERE verb LIKE 'erasure.%' ORDER BY id`,
  );
  expect(rows).toMatchObject([
    { actor: 'console ann', verb: 'erasure.request', resource: 'user 1' },
    { actor: 'db_proxy_server', verb: 'erasure.finish', resource: 'user 1' },
  ]);
  expect(JSON.parse(rows[1].after)).toEqual({ erasure: id, messages: 1, held: 0 });
  expect(rows.map(({ after }: { after: string }) => after).join()).not.toContain('Ann');
});

it('a hold on the user prevents the erasure; messages under other holds stay and are counted', async () => {
  await send(1, 2);
  await send(1, 3);
  await send(1, 6, true);
  const place = async (userId: number) =>
    ((await context.legalHolds.place({ reason: 'case', userId, groupId: 0 }, actor)) as { id: number }).id;
  await leave(1);
  const own = await place(1);
  expect(await context.erasures.request(1, 'x', actor)).toEqual({ result: 'held' });
  await context.legalHolds.release(own, actor);
  const other = await place(3);
  await erased();
  expect(await texts()).toEqual({ 'group 6': ['of 1'], '1-2': ['erased'], '1-3': ['of 1'] });
  expect(await context.erasures.all()).toMatchObject([{ messages: 1, held: 2 }]);
  // After the release, another erasure covers the rest.
  await context.legalHolds.release(other, actor);
  await erased();
  expect(await texts()).toEqual({ 'group 6': ['erased'], '1-2': ['erased'], '1-3': ['erased'] });
  expect(await context.erasures.all()).toMatchObject([
    { messages: 2, held: 0 },
    { messages: 1, held: 2 },
  ]);
});

it('erases many messages in steps', async () => {
  await leave(1);
  await sql('INSERT INTO conversation (conv, last_id) VALUES (5, 5000)');
  await sql(
    `INSERT INTO message (conv, id, from_id, sender_seq, token, created_at, type, data)
     SELECT 5, n, 1 + n % 2, 0, 0, now(), 17, 'x'::bytea FROM generate_series(1, 5000) n`,
  );
  await erased();
  expect(
    await sql(
      `SELECT from_id, convert_from(data, 'UTF8') AS data, count(*)::int4 AS n FROM message GROUP BY 1, 2 ORDER BY 1`,
    ),
  ).toEqual([
    { from_id: 1, data: 'erased', n: 2_500 },
    { from_id: 2, data: 'x', n: 2_500 },
  ]);
});

it('is refused unless the user has left, and repeating the request returns the same erasure', async () => {
  expect(await context.erasures.request(1, 'x', actor)).toEqual({ result: 'still-here' });
  expect(await context.erasures.request(99, 'x', actor)).toEqual({ result: 'not-found' });
  expect(await context.erasures.request(0, 'x', actor)).toEqual({ result: 'not-found' });
  await expect(context.erasures.request(1, '', actor)).rejects.toThrow('a reason');
  await leave(1);
  const first = await context.erasures.request(1, 'x', actor);
  expect(await context.erasures.request(1, 'x', actor)).toEqual(first);
});

it('succeeds even if another user already has the pseudonym', async () => {
  await sql(`UPDATE im_user SET name = 'erased-1' WHERE id = 2`);
  await leave(1);
  await erased();
  const [{ name }] = await sql('SELECT name FROM im_user WHERE id = 1');
  expect(name).toMatch(/^erased-1-[0-9a-f]{8}$/);
  expect(await sql('SELECT name FROM im_user WHERE id = 2')).toEqual([{ name: 'erased-1' }]);
});
