import { afterAll, beforeAll, expect, it } from 'vitest';
import { inviteToConsole } from '../console/invite.js';
import { databaseOf } from '../database/database.js';
import { MessageSender } from '../testing/message-sender.js';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { exportedMessages } from './exported-messages.js';

const ann = { name: 'console ann', asUser: 0, source: '127.0.0.1' };
const ben = { ...ann, name: 'console ben' };
/** The largest user id. */
const last = 0x7fff_ffff;

let database: TestDatabase;
let context: TestContext;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  const sender = new MessageSender(context.database.pool);
  await sql(
    `INSERT INTO im_user (id, name, password_hash) VALUES (1, 'ann', ''), (2, 'bob', ''), (3, 'cat', ''), (${last}, 'zoe', '')`,
  );
  await sql(`INSERT INTO chat_group (id, name, type) VALUES (5, 'team', 2), (6, 'crew', 2)`);
  await sql('INSERT INTO group_member (group_id, user_id) VALUES (5, 2), (6, 3)');
  for (let n = 0; n < 250; n++) await sender.send({ from: 1, to: 2 });
  await sender.send({ from: 2, to: 5, group: true });
  await sql('INSERT INTO group_member (group_id, user_id, join_msg_id) VALUES (5, 1, 1)');
  await sender.send({ from: 2, to: 5, group: true });
  await sender.send({ from: 3, to: 6, group: true });
  await sender.send({ from: 2, to: 3 });
  await sender.send({ from: last, to: 1 });
  await sender.send({ from: 3, to: last });
});
afterAll(async () => {
  await context.close();
  await database.drop();
});

const sql = (text: string) => database.dataSource.query(text);

/** The ids of exported messages, by conversation. */
async function exported(subject: { userId: number | null; groupId: number | null }) {
  const found: Record<string, number[]> = {};
  for await (const { conversation, id } of exportedMessages(databaseOf(database.dataSource), subject)) {
    const key = 'group' in conversation ? `group ${conversation.group}` : conversation.users.join('-');
    found[key] = [...(found[key] ?? []), id];
  }
  return found;
}

it('of a user contains their pairs completely, and groups since they joined', async () => {
  expect(await exported({ userId: 1, groupId: null })).toEqual({
    'group 5': [2],
    '1-2': Array.from({ length: 250 }, (_, i) => i + 1),
    [`1-${last}`]: [1],
  });
  expect(await exported({ userId: last, groupId: null })).toEqual({ [`1-${last}`]: [1], [`3-${last}`]: [1] });
});

it('of a group contains its messages', async () => {
  expect(await exported({ userId: null, groupId: 5 })).toEqual({ 'group 5': [1, 2] });
});

it('needs two people and is valid for a week; each step is recorded as one event', async () => {
  const { messageExports } = context;
  const [{ newest }] = await sql('SELECT coalesce(max(id), 0)::int4 AS newest FROM audit_event');
  const wanted = { reason: 'case', userId: 1, groupId: 0 };
  const outcome = await messageExports.request(wanted, ann);
  expect(await messageExports.request(wanted, ann)).toEqual(outcome);
  const { id } = outcome as { id: number };
  expect(await messageExports.approve(id, ann)).toEqual({ result: 'conflict' });
  expect(await messageExports.writable(id)).toBeUndefined();
  expect(await messageExports.approve(id, ben)).toEqual({ result: 'saved', id });
  expect(await messageExports.approve(id, ben)).toEqual({ result: 'saved', id });
  expect(await messageExports.writable(id)).toMatchObject({
    id,
    userId: 1,
    groupId: null,
    approvedBy: 'console ben',
  });
  await messageExports.written(id, 252, Buffer.alloc(32, 1), ann);
  expect(await messageExports.all()).toMatchObject([{ id, messages: 252, manifestHash: '01'.repeat(32) }]);
  await sql(`UPDATE message_export SET approved_at = now() - interval '8 days'`);
  expect(await messageExports.writable(id)).toBeUndefined();
  const events = await sql(`SELECT actor, verb, resource FROM audit_event WHERE id > ${newest} ORDER BY id`);
  expect(events).toEqual([
    { actor: 'console ann', verb: 'export.request', resource: 'user 1' },
    { actor: 'console ben', verb: 'export.approve', resource: 'user 1' },
    { actor: 'console ann', verb: 'export.write', resource: 'user 1' },
  ]);
});

it('cannot be approved by an account created, invited or changed since the request', async () => {
  const { messageExports } = context;
  const owner = { ...ann, name: 'console owner' };
  const invite = (name: string) =>
    inviteToConsole(database.dataSource, { name, role: 'administrator' }, owner);
  const approved = async (id: number, name: string) =>
    (await messageExports.approve(id, { ...ann, name: `console ${name}` })).result;
  const requested = async (reason: string) =>
    ((await messageExports.request({ reason, userId: 1, groupId: 0 }, owner)) as { id: number }).id;
  const { accountId } = await invite('colleague');
  await invite('other');
  const first = await requested('first');
  await invite('straw man');
  expect(await approved(first, 'straw man')).toBe('conflict');
  await inviteToConsole(database.dataSource, { name: 'colleague' }, owner);
  expect(await approved(first, 'colleague')).toBe('conflict');
  expect(await approved(first, 'other')).toBe('saved');
  const second = await requested('second');
  expect(await approved(second, 'colleague')).toBe('saved');
  const third = await requested('third');
  const role = { role: 'owner', departmentId: null, disabled: null, email: null };
  await context.consoleAccounts.change(accountId, role, owner);
  expect(await approved(third, 'colleague')).toBe('conflict');
});

it('is refused for unknown users and groups', async () => {
  const { messageExports } = context;
  for (const subject of [{ userId: 99 }, { groupId: 99 }, {}, { userId: 1, groupId: 5 }]) {
    const wanted = { reason: 'x', userId: 0, groupId: 0, ...subject };
    expect(await messageExports.request(wanted, ann)).toEqual({ result: 'not-found' });
  }
  expect(await messageExports.approve(99, ann)).toEqual({ result: 'not-found' });
});
