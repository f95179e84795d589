import type { TeamTalkClient } from '@teamtalk/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ServiceName, TestCluster, waitUntil } from '../index.js';

const userCount = 20;
const names = Array.from({ length: userCount }, (_, i) => `chatter${i}`);

let cluster: TestCluster;
let ids: Record<string, number>;
let clients: TeamTalkClient[];

/** Everything that was acked, and everything that was delivered. */
const acked = new Map<string, number>();
const delivered = new Map<string, number[]>();
let sending = true;
let reconnected = 0;
let serial = 0;
let workers: Promise<void>[];

beforeAll(async () => {
  cluster = await TestCluster.start({
    mode: 'processes',
    msg_server: 2,
    route_server: 2,
    db_proxy_server: 2,
    envOf: { msg_server: { MESSAGE_RATE: '0' } },
  });
  ids = await cluster.addUsers(names);
  clients = await Promise.all(
    names.map((name, i) =>
      cluster.connect(name, {
        server: i % 2,
        // All msg_servers are behind one address for a client: it finds the other one when its own is gone.
        client: { reconnect: { firstMs: 100, maxMs: 500 } },
      }),
    ),
  );
  for (const [i, client] of clients.entries()) {
    client.on('reconnected', () => reconnected++);
    client.on('message', ({ fromUserId, msgId }) => {
      const key = `${fromUserId}>${ids[names[i] as string]}`;
      const list = delivered.get(key);
      if (list) list.push(msgId);
      else delivered.set(key, [msgId]);
    });
  }
  workers = clients.map((client, i) => chat(client, i));
});

afterAll(async () => {
  sending = false;
  await Promise.allSettled(workers ?? []);
  await cluster?.stop();
});

/** Each writes to the one opposite, one message after the other. */
async function chat(client: TeamTalkClient, i: number): Promise<void> {
  const self = ids[names[i] as string] as number;
  const peer = ids[names[(i + userCount / 2) % userCount] as string] as number;
  while (sending) {
    const text = `${self} ${++serial}`;
    try {
      const { msgId } = await client.send({ user: peer }, text);
      acked.set(text, msgId);
    } catch {
      // Not acked: nothing is promised.
    }
  }
}

/** Lets the chat go on until each has this many more acks. */
async function goOn(more: number): Promise<void> {
  const countOf = (i: number) =>
    [...acked.keys()].filter((text) => text.startsWith(`${ids[names[i] as string]} `)).length;
  const goals = names.map((_, i) => countOf(i) + more);
  await waitUntil(() => goals.every((goal, i) => countOf(i) >= goal), {
    timeoutMs: 20_000,
    everyMs: 50,
    what: `${more} more acks for each`,
  });
}

/** @returns what it found, in words */
async function check(): Promise<string> {
  await cluster.settle();
  const stored = await cluster.sql<{ id: number; from_id: number; to_id: number }>(
    `SELECT id, from_id, CASE WHEN from_id = conv >> 32 THEN conv & 4294967295 ELSE conv >> 32 END::int AS to_id FROM message`,
  );
  const inStore = new Set(stored.map(({ id, from_id }) => `${from_id} ${id}`));
  const lost = [...acked].filter(([text, msgId]) => !inStore.has(`${text.split(' ')[0]} ${msgId}`));
  expect(lost).toEqual([]);
  // Everybody is there again, and got everything that is stored: once, in order.
  const expected = new Map<string, number[]>();
  for (const { id, from_id, to_id } of stored) {
    const key = `${from_id}>${to_id}`;
    const list = expected.get(key);
    if (list) list.push(id);
    else expected.set(key, [id]);
  }
  for (const [key, list] of expected) {
    list.sort((a, b) => a - b);
    await waitUntil(() => (delivered.get(key)?.length ?? 0) >= list.length, {
      what: `deliveries ${key}`,
      timeoutMs: 8_000,
    });
    expect(delivered.get(key)).toEqual(list);
  }
  const [gaps] = await cluster.sql<{ wrong: number }>(
    `SELECT count(*)::int AS wrong FROM (SELECT 1 FROM conversation c JOIN message m USING (conv)
      GROUP BY c.conv, c.last_id HAVING count(*) <> c.last_id) AS x`,
  );
  expect(gaps?.wrong).toBe(0);
  const reconnects = reconnected;
  reconnected = 0;
  return `${acked.size} acked, ${stored.length} stored and delivered once, in order; ${reconnects} reconnects`;
}

it.for(['db_proxy_server', 'route_server', 'msg_server'] as const satisfies ServiceName[])(
  'kill -9 of a %s while 20 users chat: nothing acked is missing, everything stored is delivered once and in order',
  { timeout: 60_000 },
  async (service, { annotate }) => {
    await goOn(20);
    await cluster.kill(service, 0, 'SIGKILL');
    if (service === 'msg_server') await cluster.restart(service, 0);
    await goOn(20);
    if (service !== 'msg_server') await cluster.restart(service, 0);
    await goOn(20);
    const pausedAt = acked.size;
    sending = false;
    await Promise.all(workers);
    expect(acked.size).toBeGreaterThanOrEqual(pausedAt);
    await annotate(await check());
    sending = true;
    workers = clients.map((client, i) => chat(client, i));
  },
);

it('a msg_server that stood still so long that it was taken for dead: its clients miss nothing', async ({
  annotate,
}) => {
  await goOn(5);
  await cluster.kill('msg_server', 1, 'SIGSTOP');
  const lost = (k: number) => cluster.metric('route_server', k, 'msg_servers_lost_total');
  const before = await Promise.all([lost(0), lost(1)]);
  await waitUntil(async () => (await lost(0)) > before[0]! && (await lost(1)) > before[1]!, {
    what: 'both route_servers take it for dead',
  });
  await cluster.kill('msg_server', 1, 'SIGCONT');
  await goOn(20);
  sending = false;
  await Promise.all(workers);
  await annotate(await check());
}, 60_000);
