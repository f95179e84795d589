import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { poolOf } from '../database/data-source.js';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import type { PushMailboxes } from './push-mailboxes.js';

let database: TestDatabase;
let context: TestContext;
let mailboxes: PushMailboxes;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  mailboxes = context.pushMailboxes;
});
afterAll(async () => {
  await context.close();
  await database.drop();
});

const newMailbox = () => randomBytes(32);
const sql = (text: string, values: unknown[] = []) => poolOf(database.dataSource).query(text, values);

async function keep(mailbox: Buffer, text: string, { topic = '', ttl = 60 } = {}) {
  return mailboxes.keep({ mailbox, topic, body: Buffer.from(text), ttl });
}

async function read(mailbox: Buffer, since = 0, received = false) {
  const { messages } = await mailboxes.read([{ mailbox, since, received }]);
  return messages.map(({ body }) => body.toString());
}

test('a mailbox returns its messages in order, all or those since a time', async () => {
  const [mailbox, other] = [newMailbox(), newMailbox()];
  const first = await keep(mailbox, 'one');
  await keep(mailbox, 'two');
  await keep(other, 'of another');
  expect(await read(mailbox)).toEqual(['one', 'two']);
  expect(await read(mailbox, first?.kept_at)).toEqual(['two']);
  expect(await read(newMailbox())).toEqual([]);
});

test('a later message of a topic replaces the earlier one and counts as new', async () => {
  const mailbox = newMailbox();
  await keep(mailbox, 'old', { topic: 's1' });
  const between = await keep(mailbox, 'between');
  await keep(mailbox, 'new', { topic: 's1' });
  expect(await read(mailbox)).toEqual(['between', 'new']);
  expect(await read(mailbox, between?.kept_at)).toEqual(['new']);
});

test('messages that the phone has received are removed', async () => {
  const mailbox = newMailbox();
  const first = await keep(mailbox, 'one');
  await keep(mailbox, 'two');
  expect(await read(mailbox, first?.kept_at, true)).toEqual(['two']);
  expect(await read(mailbox)).toEqual(['two']);
});

test('a mailbox keeps the newest hundred messages', async () => {
  const mailbox = newMailbox();
  for (let i = 1; i <= 103; i++) await keep(mailbox, `${i}`, { topic: i > 101 ? 'last' : '' });
  const kept = await read(mailbox);
  expect([kept.length, kept[0], kept.at(-1)]).toEqual([100, '3', '103']);
});

test('a mailbox keeps at most a hundred messages, with or without topics', async () => {
  for (const topicOf of [() => '', (i: number) => `t${i}`]) {
    const mailbox = newMailbox();
    for (let i = 1; i <= 130; i++) await keep(mailbox, `${i}`, { topic: topicOf(i) });
    const kept = await read(mailbox);
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([100, '31', '130']);
  }
});

test('expired messages are not returned, and purged', async () => {
  const mailbox = newMailbox();
  await keep(mailbox, 'late', { ttl: 0 });
  expect(await read(mailbox)).toEqual([]);
  expect(await context.pushJobs.purge()).toBeGreaterThan(0);
  expect((await sql('SELECT FROM push_message WHERE mailbox = $1', [mailbox])).rows).toEqual([]);
});

test('a mailbox not read for a month accepts nothing until a phone reads it, and is removed after two', async () => {
  const mailbox = newMailbox();
  const unreadFor = (days: number) =>
    sql(`UPDATE push_mailbox SET read_at = now() - $2 * interval '1 day' WHERE id = $1`, [mailbox, days]);
  await keep(mailbox, 'one');
  await unreadFor(29);
  expect(await keep(mailbox, 'two')).toBeDefined();
  await unreadFor(31);
  expect(await keep(mailbox, 'three')).toBeUndefined();
  expect(await read(mailbox)).toEqual(['one', 'two']);
  expect(await keep(mailbox, 'four')).toBeDefined();
  await unreadFor(61);
  await context.pushJobs.purge();
  expect((await sql('SELECT FROM push_mailbox WHERE id = $1', [mailbox])).rows).toEqual([]);
});

test('concurrent senders and readers of a mailbox neither deadlock nor lose messages', async () => {
  const boxes = [newMailbox(), newMailbox(), newMailbox()];
  const positions = (order: Buffer[]) => order.map((mailbox) => ({ mailbox, since: 0, received: true }));
  await Promise.all(
    Array.from({ length: 60 }, async (_, i) => {
      const order = i % 2 === 0 ? boxes : boxes.toReversed();
      await Promise.all(order.map((mailbox) => keep(mailbox, `${i}`)));
      await mailboxes.read(positions(order));
    }),
  );
  for (const mailbox of boxes) {
    expect((await read(mailbox)).map(Number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 60 }, (_, i) => i),
    );
  }
});

test('rejects fields of a wrong length, and reads from any time', async () => {
  await expect(keep(randomBytes(31), 'x')).rejects.toThrow('wrong length');
  await expect(keep(newMailbox(), 'x'.repeat(4_097))).rejects.toThrow('wrong length');
  await expect(keep(newMailbox(), 'x', { topic: 'x'.repeat(33) })).rejects.toThrow('wrong length');
  await expect(keep(newMailbox(), 'x', { topic: '\0' })).rejects.toThrow('wrong length');
  for (const since of [Number.NaN, -1, Number.POSITIVE_INFINITY, 1e300]) {
    expect(await read(newMailbox(), since, true)).toEqual([]);
  }
});
