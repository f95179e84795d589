import { ClientType, createTextCodec, DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import { pushApi } from '@teamtalk/rpc';
import type { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { poolOf } from '../database/data-source.js';
import { SharedPoll } from '../database/shared-poll.js';
import { PushMarks } from '../push/push-marks.js';
import { pushRpc } from '../push/rpc.js';
import { MessageSender } from './message-sender.js';
import { createTestContext, type TestContext } from './test-context.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

const { ClaimRequest, FinishRequest } = pushApi.push;
export const [ann, bob, cat, dan] = [1, 2, 3, 4] as const;
export const team = 9;

let database: TestDatabase;
export let context: TestContext;
export let pool: Pool;
export let sender: MessageSender;
export let poll: SharedPoll;
export let rpc: ReturnType<typeof pushRpc>;

/** To be called once in a test file: a database of its own, with four users in a group. */
export function useFourUsers(): void {
  beforeAll(async () => {
    database = await createTestDatabase();
    context = await createTestContext(database.url);
    pool = poolOf(database.dataSource);
    const marks = new PushMarks();
    poll = new SharedPoll(pool, context.kit, [marks.question]);
    sender = new MessageSender(pool, undefined, marks);
    rpc = pushRpc(context);
  });
  afterAll(async () => {
    await context.close();
    await database.drop();
  });
  beforeEach(async () => {
    await pool.query(
      'TRUNCATE im_user, chat_group, group_member, conversation, message, outbox, push_mark, push_read, push_muted, push_log, push_consumer CASCADE',
    );
    await pool.query(
      `INSERT INTO im_user (id, name, nick_name, password_hash)
       VALUES (1, 'ann', 'Ann', ''), (2, 'bob', 'Bob', ''), (3, 'cat', '', ''), (4, 'dan', 'Dan', '')`,
    );
    await poll.ask();
    await pool.query(`INSERT INTO chat_group (id, name, type) VALUES (${team}, 'Team', 1)`);
    await pool.query(
      `INSERT INTO group_member (group_id, user_id) VALUES (${team}, 1), (${team}, 2), (${team}, 3), (${team}, 4)`,
    );
  });
}

/** As the first claim does. */
export const pushServerCame = async () => {
  await pool.query(
    'INSERT INTO push_consumer VALUES (true, now()) ON CONFLICT (singleton) DO UPDATE SET seen_at = now()',
  );
  await poll.ask();
};

export const tokenOf = (userId: number) => String(userId).repeat(64).slice(0, 64);

export async function phones(...users: number[]): Promise<void> {
  await context.pushDevices.forget(ann, ClientType.IOS);
  for (const userId of users) await context.pushDevices.set(userId, ClientType.IOS, tokenOf(userId), '2.0');
  await pushServerCame();
}

export async function claim(holdMs = 0, limit = 100) {
  const { pushes } = await rpc.claim(new ClaimRequest({ limit, holdMs, timeZone: 'UTC' }));
  return (pushes ?? []) as pushApi.push.Push.$Properties[];
}

export async function finish(
  push: pushApi.push.Push.$Properties | undefined,
  outcome: number,
  rest: pushApi.push.FinishedPush.$Properties = {},
): Promise<void> {
  await rpc.finish(
    FinishRequest.decode(
      FinishRequest.encode({
        pushes: [
          {
            jobId: push?.jobId ?? 0,
            attempts: push?.attempts ?? 0,
            badge: push?.badge ?? 0,
            outcome,
            msgId: push?.msgId ?? 0,
            ...rest,
          },
        ],
      }).finish(),
    ),
  );
}

export async function rowsOf(table: string): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(`SELECT count(*)::int4 AS n FROM ${table}`);
  return rows[0]?.n ?? 0;
}

export async function log() {
  const { rows } = await pool.query('SELECT user_id, outcome, reason FROM push_log ORDER BY id');
  return rows.map(({ user_id, outcome, reason }) => [user_id, outcome, reason]);
}

export function read(userId: number, peer: number, msgId: number): Promise<unknown> {
  const conv = `${Math.min(userId, peer)}::int8 << 32 | ${Math.max(userId, peer)}`;
  const [low, high] = userId < peer ? [msgId, 0] : [0, msgId];
  return pool.query(
    `SELECT mark_read_marked(ARRAY[${conv}], ARRAY[${low}], ARRAY[${high}], '{}', '{}', '{}')`,
  );
}

export function readInTeam(userId: number, msgId: number): Promise<unknown> {
  return pool.query(
    `SELECT mark_read_marked('{}', '{}', '{}', ARRAY[${team}], ARRAY[${userId}], ARRAY[${msgId}])`,
  );
}

/** The user mutes the group. */
export function shield(userId: number): Promise<unknown> {
  return pool.query(`UPDATE group_member SET shield = true WHERE user_id = ${userId}`);
}

/** Long enough that no hold ends during a test. */
export const held = 600_000;
export const endHold = () => pool.query(`UPDATE push_mark SET marked_at = marked_at - interval '1 hour'`);
export const lapse = () => pool.query('UPDATE push_job SET due_at = now()');

const codec = createTextCodec(DEFAULT_TEXT_KEY);

export function writeToTeam(from: number, text: string) {
  return sender.send({ from, to: team, group: true, text: codec.encrypt(text).toString() });
}
