import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Message, TeamTalkClient } from '@teamtalk/client';
import { migrate, TestCluster } from '@teamtalk/cluster';
import { FaultProxy, type Infrastructure, PostgresPair, testNats, waitUntil } from '@teamtalk/local-stack';
import { Commands, createTextCodec, DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import { afterEach, expect, test } from 'vitest';
import { recordPdus } from './record-pdus.js';

const codec = createTextCodec(DEFAULT_TEXT_KEY);
const patient = { timeout: 20_000, interval: 20 };
const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function startPair(synchronous: boolean): Promise<PostgresPair> {
  const dir = await mkdtemp(path.join(tmpdir(), `teamtalk-test-${process.pid}-`));
  cleanUps.push(() => rm(dir, { recursive: true, force: true }));
  await chmod(dir, 0o711);
  const pair = await PostgresPair.start({ dir, synchronous, durable: false });
  cleanUps.push(() => pair.stop());
  await migrate(pair.primary.url);
  return pair;
}

/** @param url of the database, for the services */
async function startCluster(url: string): Promise<TestCluster> {
  const infrastructure: Infrastructure = {
    nats: testNats,
    database: async () => ({ name: 'teamtalk', url, drop: async () => {} }),
    close: async () => {},
  };
  const cluster = await TestCluster.start({
    mode: 'processes',
    infrastructure,
    db_proxy_server: 2,
    route_server: 2,
    msg_server: 2,
  });
  cleanUps.push(() => cluster.stop());
  return cluster;
}

/** A user with an old client: reads history after login, and reconnects when its connection ends. */
class Receiver {
  /** delivered or found in history */
  readonly texts = new Set<string>();
  logins = 0;
  #client: TeamTalkClient | undefined;

  constructor(
    readonly cluster: TestCluster,
    readonly name: string,
    readonly peer: number,
  ) {}

  get connected(): boolean {
    return this.#client !== undefined;
  }

  async logIn(): Promise<void> {
    const client = await waitUntil(() => this.cluster.connect(this.name), {
      what: `${this.name} logs in`,
      timeoutMs: 20_000,
      everyMs: 100,
    });
    const messages = recordPdus(client, Commands.MsgData);
    const note = () => {
      for (const { msgData } of messages) this.texts.add(codec.decrypt(Buffer.from(msgData)));
    };
    client.on('pdu', () => queueMicrotask(note));
    client.on('disconnected', () => {
      this.#client = undefined;
      void this.logIn();
    });
    const history: Message[] = await waitUntil(() => client.history({ user: this.peer }), {
      what: 'history',
    });
    for (const { text } of history) this.texts.add(text ?? '');
    this.logins++;
    this.#client = client;
  }
}

test('after promotion of a lagging standby, messages with reassigned numbers reach connected clients', async () => {
  const pair = await startPair(false);
  const proxy = await FaultProxy.start(() => [{ host: '127.0.0.1', port: pair.primary.port }]);
  cleanUps.push(() => proxy.close());
  const url = new URL(pair.primary.url);
  url.port = String(proxy.port);
  const cluster = await startCluster(url.href);
  const ids = await cluster.addUsers(['alice', 'bob', 'carol']);
  const alice = await cluster.connect('alice', { client: { reconnect: true } });
  const bob = new Receiver(cluster, 'bob', ids.alice);
  await bob.logIn();
  const send = (text: string) =>
    waitUntil(() => alice.send({ user: ids.bob }, text), { what: `an ack for ${text}`, timeoutMs: 30_000 });
  for (let i = 1; i <= 3; i++) await send(`kept ${i}`);
  await expect
    .poll(() => pair.standby.query('SELECT count(*)::int AS stored FROM message'), patient)
    .toEqual([{ stored: 3 }]);

  await pair.lag();
  for (let i = 1; i <= 5; i++) await send(`lost ${i}`);
  await expect.poll(() => [...bob.texts], patient).toContain('lost 5');
  // Draws as many login numbers as a crash may take back.
  await cluster.sql(`SELECT nextval('login_seq') FROM generate_series(1, 200)`);
  const older = await cluster.connect('carol', { server: 1 });
  const kicks = recordPdus(older, Commands.LoginKickUser);
  await cluster.settle();
  await pair.killPrimary();
  await pair.promote();

  for (let i = 1; i <= 4; i++) {
    const text = `new ${i}`;
    const { msgId } = await send(text);
    if (i === 1) expect(msgId).toBe(4);
    await expect.poll(() => [...bob.texts], patient).toContain(text);
    // The next message is sent while bob is connected.
    await expect.poll(() => bob.connected, patient).toBe(true);
  }
  expect([...bob.texts]).toEqual(expect.arrayContaining(['kept 1', 'new 1', 'new 2', 'new 3', 'new 4']));

  // A later login has the larger number.
  const newer = await cluster.connect('carol', { server: 0 });
  let ended = false;
  newer.on('disconnected', () => {
    ended = true;
  });
  await expect.poll(() => kicks.length, patient).toBe(1);
  await newer.serverTime();
  expect(ended).toBe(false);
  expect(bob.logins).toBe(2);
  expect(
    (await cluster.metric('msg_server', 0, 'connections_closed_total', { reason: 'store-changed' })) +
      (await cluster.metric('msg_server', 1, 'connections_closed_total', { reason: 'store-changed' })),
  ).toBeGreaterThan(0);
}, 120_000);

/** Two users on two msg_servers, with a primary and its synchronous standby. */
async function aliceAndBob() {
  const pair = await startPair(true);
  const cluster = await startCluster(pair.url);
  const ids = await cluster.addUsers(['alice', 'bob']);
  const alice = await cluster.connect('alice', { server: 0 });
  const bob = await cluster.connect('bob', { server: 1 });
  const got = recordPdus(bob, Commands.MsgData);
  const breaks: unknown[] = [];
  for (const client of [alice, bob]) client.on('disconnected', (event) => breaks.push(event));
  return { pair, ids, alice, got, breaks };
}

test('services find the new primary among several hosts, and clients notice only a delay', async () => {
  const { pair, ids, alice, got, breaks } = await aliceAndBob();
  const synchronous = () => pair.primary.query('SELECT synchronous, epoch FROM store_epoch');
  let sent = 0;
  const send = async () => {
    const text = `message ${++sent}`;
    await waitUntil(() => alice.send({ user: ids.bob }, text), {
      what: `an ack for ${text}`,
      timeoutMs: 30_000,
    });
  };
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 5; i++) await send();
    await expect.poll(synchronous, patient).toEqual([{ synchronous: true, epoch: '1' }]);
    const during = send();
    await pair.killPrimary();
    const waiting = send();
    await pair.promote();
    await Promise.all([during, waiting]);
    await send();
    await pair.rejoin();
  }
  await expect.poll(() => got.length, patient).toBe(sent);
  expect(got.map(({ msgId }) => msgId)).toEqual(Array.from({ length: sent }, (_, i) => i + 1));
  expect(breaks).toEqual([]);
  expect(await pair.primary.query('SELECT count(*)::int AS stored FROM message')).toEqual([{ stored: sent }]);
}, 120_000);

test('while its only synchronous standby is away nothing is acknowledged, and clients stay connected', async () => {
  const { pair, ids, alice, got, breaks } = await aliceAndBob();
  await alice.send({ user: ids.bob! }, 'before');

  await pair.lag();
  let isAcked = false;
  // A client repeats what is not acknowledged.
  const during = waitUntil(
    () => alice.send({ user: ids.bob! }, 'during', { key: 'during', deadlineMs: 5_000 }),
    {
      what: 'an ack',
      timeoutMs: 90_000,
    },
  ).then(() => {
    isAcked = true;
  });
  const waiting = () =>
    pair.primary.query(
      "SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query LIKE '%append_messages%'",
    );
  await expect.poll(waiting, patient).not.toHaveLength(0);
  // Reading goes on, and shows nothing that a failover could take back.
  expect((await alice.history({ user: ids.bob! })).map(({ text }) => text)).toEqual(['before']);
  expect(isAcked).toBe(false);
  expect(got).toHaveLength(1);

  await pair.catchUp();
  await during;
  await expect.poll(() => got.map(({ msgId }) => msgId), patient).toEqual([1, 2]);
  expect(breaks).toEqual([]);
  expect(await pair.primary.query('SELECT count(*)::int AS stored FROM message')).toEqual([{ stored: 2 }]);
}, 120_000);
