import type { TeamTalkClient } from '@teamtalk/client';
import { TestCluster } from '@teamtalk/cluster';
import { waitUntil } from '@teamtalk/local-stack';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** BROADCAST_USERS=100000 BROADCAST_ONLINE=100 measures what the guide says. */
const users = Number(process.env.BROADCAST_USERS ?? 5_000);
const online = Number(process.env.BROADCAST_ONLINE ?? 20);
const timeoutMs = 120_000;

const names = Array.from({ length: online }, (_, i) => `online${i}`);

let cluster: TestCluster;
let key: string;
let sender: number;
let ids: number[];
let holder: pg.Client;
let clients: TeamTalkClient[];
/** Texts in the order each client got them. */
const got = new Map<string, string[]>();

beforeAll(async () => {
  cluster = await TestCluster.start({
    mode: 'processes',
    db_proxy_server: 2,
    msg_server: 2,
    http_msg_server: 2,
  });
  key = await cluster.addApp('news');
  sender = (await cluster.addUsers(['sender'])).sender;
  await cluster.addUsers(names);
  await cluster.sql(
    `INSERT INTO im_user (name, password_hash) SELECT 'u' || n, '!' FROM generate_series(1, $1::int4) n`,
    [users - online],
  );
  const rows = await cluster.sql<{ id: number }>('SELECT id FROM im_user WHERE id <> $1 ORDER BY id', [
    sender,
  ]);
  ids = rows.map(({ id }) => id);
  clients = await Promise.all(names.map((name, i) => cluster.connect(name, { server: i % 2 })));
  for (const [i, client] of clients.entries()) {
    const texts: string[] = [];
    got.set(names[i] as string, texts);
    client.on('message', ({ text }) => texts.push(text ?? ''));
  }
  holder = new pg.Client({ connectionString: cluster.database.url });
  await holder.connect();
}, timeoutMs);
afterAll(async () => {
  await holder?.end();
  await cluster?.stop();
});

interface Accepted {
  broadcast_id: number;
  receivers: number;
}

async function start(server: number, to: unknown, msg: string): Promise<Accepted> {
  const response = await fetch(`${cluster.url('http_msg_server', server)}/v1/broadcasts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'idempotency-key': msg },
    body: JSON.stringify({ from_user_id: sender, to, type: 'text', msg }),
  });
  expect(response.status).toBe(202);
  return (await response.json()) as Accepted;
}

async function progress(id: number): Promise<{ stored: number; finished_at: string | null }> {
  const response = await fetch(`${cluster.url('http_msg_server', 1)}/v1/broadcasts/${id}`, {
    headers: { authorization: `Bearer ${key}` },
  });
  return (await response.json()) as { stored: number; finished_at: string | null };
}

/** @returns milliseconds from `begin` until it is stored, and until all who are online have it */
async function untilDone({ broadcast_id }: Accepted, msg: string, begin: number) {
  await waitUntil(async () => (await progress(broadcast_id)).finished_at, { timeoutMs, what: 'stored' });
  const stored = Math.round(performance.now() - begin);
  await waitUntil(() => [...got.values()].every((texts) => texts.includes(msg)), {
    timeoutMs,
    what: 'delivered',
  });
  return { stored, delivered: Math.round(performance.now() - begin) };
}

/** Everybody has each text once: in the store, and online users also by delivery. */
async function check(messages: readonly string[]): Promise<void> {
  const [row] = await cluster.sql<{ conversations: number; right: number }>(
    `SELECT count(*)::int AS conversations, count(*) FILTER (WHERE messages = $1)::int AS right
     FROM (SELECT count(*)::int AS messages FROM message WHERE from_id = $2 GROUP BY conv) AS x`,
    [messages.length, sender],
  );
  expect(row).toEqual({ conversations: users, right: users });
  for (const texts of got.values()) expect(texts).toEqual(messages);
}

it(
  'reaches everybody',
  async ({ annotate }) => {
    const begin = performance.now();
    const accepted = await start(0, { user_ids: ids }, 'one');
    const ms = Math.round(performance.now() - begin);
    expect(accepted.receivers).toBe(users);
    const { stored, delivered } = await untilDone(accepted, 'one', begin);
    await check(['one']);
    await annotate(
      `${users} receivers, ${online} online: accepted ${ms} ms, stored ${stored} ms, delivered ${delivered} ms`,
    );
  },
  timeoutMs,
);

it(
  'kill -9 of the http_msg_server that took it and of each db_proxy_server in the middle: everybody once',
  async ({ annotate }) => {
    // Blocks the batch of this user, so that the kills happen in the middle.
    const middle = ids[Math.floor(ids.length / 2)] as number;
    await holder.query('BEGIN');
    await holder.query('SELECT FROM conversation WHERE conv = ($1::int8 << 32) | $2 FOR UPDATE', [
      Math.min(sender, middle),
      Math.max(sender, middle),
    ]);
    const begin = performance.now();
    const accepted = await start(0, { user_ids: ids }, 'two');
    await cluster.kill('http_msg_server', 0);
    // The caller got no reply, and retries on another server.
    expect(await start(1, { user_ids: ids }, 'two')).toEqual(accepted);
    await waitUntil(async () => (await progress(accepted.broadcast_id)).stored > 0, {
      timeoutMs,
      what: 'it has begun',
    });
    await cluster.kill('db_proxy_server', 0);
    await cluster.restart('db_proxy_server', 0);
    await cluster.kill('db_proxy_server', 1);
    const { stored: half, finished_at } = await progress(accepted.broadcast_id);
    expect(finished_at).toBeNull();
    await holder.query('COMMIT');
    const { stored, delivered } = await untilDone(accepted, 'two', begin);
    await check(['one', 'two']);
    await annotate(
      `killed at ${half} of ${users}: stored ${stored} ms, delivered ${delivered} ms, restarts included`,
    );
  },
  timeoutMs,
);
