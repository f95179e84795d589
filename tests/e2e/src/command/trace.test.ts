import type { MessageTrace } from '@teamtalk/cli';
import { createGroup, TestCluster } from '@teamtalk/cluster';
import { waitUntil } from '@teamtalk/local-stack';
import { IM } from '@teamtalk/protocol';
import { formatInstance, traceId } from '@teamtalk/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { teamtalk } from './run.js';

let cluster: TestCluster;
let ids: Record<'alice' | 'bob' | 'carol', number>;
let alice: Awaited<ReturnType<TestCluster['connect']>>;
let bob: typeof alice;

beforeAll(async () => {
  cluster = await TestCluster.start({
    msg_server: 2,
    db_proxy_server: 2,
    route_server: 1,
    // Without direct delivery, a message stays undelivered while there is no route_server.
    envOf: { db_proxy_server: { DIRECT_DELIVERY: 'false' } },
  });
  ids = await cluster.addUsers(['alice', 'bob', 'carol']);
  alice = await cluster.connect('alice', { server: 0 });
  bob = await cluster.connect('bob', { server: 1, clientType: IM.BaseDefine.ClientType.CLIENT_TYPE_MAC });
});
afterAll(() => cluster?.stop());

const trace = (...words: string[]) =>
  teamtalk(['trace', ...words], {
    NATS_URL: cluster.nats.url,
    NATS_PREFIX: cluster.nats.prefix,
    TEAMTALK_TRACE_URL: '',
  });

/** What `--json` prints. */
async function wayOf(...words: string[]): Promise<MessageTrace> {
  const { status, stdout, stderr } = await trace(...words, '--json');
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return JSON.parse(stdout) as MessageTrace;
}

/** The trace id of a message, as the logs have it. */
async function traceOf(msgId: number, conv: string): Promise<string> {
  const rows = await cluster.sql<{ high: number; low: number }>(
    `SELECT ((token >> 32) & 4294967295)::float8 AS high, (token & 4294967295)::float8 AS low
      FROM message WHERE conv = ${conv} AND id = $1`,
    [msgId],
  );
  return traceId(rows[0]!.high, rows[0]!.low);
}

const pair = () => `p2p:${ids.bob}:${ids.alice}`;
const msgServer = (k: number) => formatInstance(cluster.node('msg_server', k).instance);

describe('a message between two users', () => {
  let msgId: number;
  let id: string;

  beforeAll(async () => {
    await alice.send({ user: ids.bob }, 'first');
    ({ msgId } = await alice.send({ user: ids.bob }, 'hello'));
    await bob.nextMessage();
    await bob.nextMessage();
    await cluster.settle();
    id = await traceOf(msgId, `(${ids.alice}::int8 << 32) | ${ids.bob}`);
  });

  it('by its place: who took it in, when it was stored, who has it', async () => {
    const way = await wayOf('--conversation', pair(), '--msg-id', String(msgId));
    expect(way).toMatchObject({
      trace: id,
      conversation: `p2p:${ids.alice}:${ids.bob}`,
      msg_id: 2,
      last_msg_id: 2,
      from_user_id: ids.alice,
      taken_in_by: { instance: msgServer(0), alive: true, service: 'msg_server' },
      otel_trace: null,
      outbox: { open: false },
      participants_left_out: 0,
      doubts: [],
    });
    expect(Math.abs(Date.parse(way.stored_at) - Date.now())).toBeLessThan(60_000);
    expect(way.participants).toMatchObject([
      {
        user_id: ids.alice,
        name: 'alice',
        sender: true,
        sessions: [{ msg_server: { instance: msgServer(0) } }],
      },
      {
        user_id: ids.bob,
        name: 'bob',
        sender: false,
        read: false,
        read_msg_id: 0,
        sessions: [{ msg_server: { instance: msgServer(1) }, delivered: true, delivered_msg_id: 2 }],
      },
    ]);
  });

  it('by its trace id, with or without the conversation, and as OpenTelemetry writes it', async () => {
    for (const words of [[id], [id.toUpperCase(), '--conversation', pair()], [`${'0'.repeat(16)}${id}`]]) {
      expect(await wayOf(...words)).toMatchObject({ trace: id, msg_id: msgId });
    }
  });

  it('read', async () => {
    await bob.markRead({ user: ids.alice }, msgId);
    await waitUntil(
      async () => {
        const way = await wayOf('--conversation', pair(), '--msg-id', String(msgId));
        return way.participants[1]!.read;
      },
      { timeoutMs: 20_000, what: 'the read mark' },
    );
  });

  it('in words', async () => {
    const { stdout } = await trace(id);
    expect(stdout).toContain(`message   2 of p2p:${ids.alice}:${ids.bob}`);
    expect(stdout).toContain(`sent      by user ${ids.alice} (alice)`);
    expect(stdout).toMatch(/taken in {2}by msg_server [0-9a-f]{8} on /);
    expect(stdout).toContain('routed    every msg_server concerned has taken its batch');
    expect(stdout).toMatch(/\(bob\): has read it; mac at msg_server [0-9a-f]{8} on .*: delivered/);
    expect(stdout).toContain('not sampled for OpenTelemetry');
    expect(stdout).not.toContain('hello');
  });
});

it('a message to a group names its members', async () => {
  const groupId = await createGroup(alice, [ids.alice, ids.bob, ids.carol], 'lunch');
  const { msgId } = await alice.send({ group: groupId }, 'x');
  await bob.nextMessage();
  const way = await wayOf('--conversation', `group:${groupId}`, '--msg-id', String(msgId));
  expect(way.conversation).toBe(`group:${groupId}`);
  expect(
    way.participants.map(({ name, sessions }) => [name, sessions.map(({ delivered }) => delivered)]),
  ).toEqual([
    ['alice', [true]],
    ['bob', [true]],
    ['carol', []],
  ]);
});

it('a message that was not delivered yet says so, and who could not be asked', async () => {
  await cluster.stopNode('route_server');
  try {
    const { msgId } = await alice.send({ user: ids.carol }, 'x');
    const { status, stdout } = await trace(
      '--conversation',
      `p2p:${ids.alice}:${ids.carol}`,
      '--msg-id',
      String(msgId),
    );
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /routed {4}not yet to all: row \d+ of the outbox is open, looked after by db_proxy_server/,
    );
    expect(stdout).toMatch(/but {7}who is online is not known: nobody listens/);
  } finally {
    await cluster.restart('route_server', 0);
  }
});

it.each([
  [[], 1, 'which message?'],
  [['--msg-id', '3'], 1, '--msg-id needs --conversation'],
  [['0000000100000002', '--conversation', 'group:7', '--msg-id', '3'], 1, 'not both'],
  [['--conversation', 'p2p:1:999999', '--msg-id', '3'], 1, 'the conversation has none of this number'],
  [['0000000100000002'], 1, 'give a longer --within, or the --conversation'],
  [['0000000100000002', '--conversation', 'group:999999'], 1, 'newest 100,000'],
  [['12345'], 2, 'must be 16 hex digits'],
  [['--conversation', 'p2p:1:1', '--msg-id', '3'], 2, 'must be p2p:USER:USER or group:GROUP'],
  [['0000000100000002', '--within', '3 days'], 2, 'must be a time such as 30s'],
  [['0000000100000002', '--url', 'http://x/'], 2, 'must be a URL with {trace} in it'],
])('refuses %j', async (words, status, text) => {
  const outcome = await trace(...words);
  expect(outcome.stderr).toContain(text);
  expect(outcome.status).toBe(status);
});

it('says so when nothing runs there', async () => {
  const outcome = await teamtalk(['trace', '0000000100000002'], {
    NATS_URL: cluster.nats.url,
    NATS_PREFIX: 'nobody',
  });
  expect(outcome).toMatchObject({ status: 1, stdout: '' });
  expect(outcome.stderr).toContain('no db_proxy_server announces itself');
});

it('links to the trace of a message that has one', async () => {
  const [instance, requestId] = [0x00c0ffee, 0x11];
  await cluster.sql(
    `INSERT INTO message (conv, id, from_id, sender_seq, token, created_at, type, data)
      VALUES (($1::int8 << 32) | $2, 1000, $1, 1, ($3::int8 << 32) | $4, now(), 1, 'x')`,
    [ids.alice, ids.bob, instance, requestId],
  );
  const url = 'http://traces.example/trace/{trace}';
  const words = ['--conversation', pair(), '--msg-id', '1000', '--url', url];
  expect((await trace(...words)).stdout).toContain(
    'trace     http://traces.example/trace/000000000000000000c0ffee00000011',
  );
  expect(await wayOf(...words)).toMatchObject({ taken_in_by: { instance: '00c0ffee', alive: false } });
});
