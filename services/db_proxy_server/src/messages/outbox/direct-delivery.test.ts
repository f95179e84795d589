import { Bus, HeartbeatPublisher, type teamtalk, topics } from '@teamtalk/bus';
import { FaultProxy, type TestNats, testNats, waitUntil } from '@teamtalk/local-stack';
import { createKit, createLogger, readMetrics, type Service, sumOf } from '@teamtalk/service-kit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addUser } from '../../accounts/add-user.js';
import { loadConfig } from '../../config.js';
import { startDbProxyServer } from '../../service.js';
import { cheapArgon2 } from '../../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.js';
import { TestMsgServer } from '../../testing/test-msg-server.js';

const silent = createLogger({ service: 'test', instance: 1, level: 'silent' });

let database: TestDatabase;
let ann: number;
let bob: number;
let cat: number;
let nats: TestNats;
let bus: Bus;
/** The path of db_proxy_server to NATS. */
let natsPath: FaultProxy;
let service: Service;
/** What a route_server was asked to deliver. */
let routed: teamtalk.bus.StoredMessage.$Properties[];
let routeServer: HeartbeatPublisher;
let a: TestMsgServer;
let b: TestMsgServer;
const others: TestMsgServer[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  const add = (name: string) => addUser(database.dataSource, { name, password: 'secret' }, cheapArgon2);
  ann = await add('ann');
  bob = await add('bob');
  cat = await add('cat');
});
afterAll(() => database.drop());

beforeEach(async () => {
  nats = await testNats();
  const { hostname, port } = new URL(nats.url);
  natsPath = await FaultProxy.start(() => [{ host: hostname, port: Number(port) }]);
  const { log, metrics } = createKit('test', { logLevel: 'silent', shutdownMs: 1_000 });
  bus = await Bus.connect({ ...nats, name: 'test', log, metrics });
  routed = [];
  const instance = 4242;
  bus.answer(topics.storedBatch(instance), ({ messages }) => {
    routed.push(...(messages ?? []));
    return {};
  });
  routeServer = new HeartbeatPublisher(bus, { instance, service: 'route_server', hostname: 'test' });
  a = new TestMsgServer(bus);
  b = new TestMsgServer(bus);
  service = await start();
});
afterEach(async () => {
  natsPath.restore();
  for (const each of [a, b, ...others.splice(0)]) await each.stop();
  await service.stop();
  await routeServer.stop();
  await bus.drain();
  await natsPath.close();
});

async function start(overrides: NodeJS.ProcessEnv = {}): Promise<Service> {
  const config = loadConfig({
    DATABASE_URL: database.url,
    NATS_URL: `nats://127.0.0.1:${natsPath.port}`,
    NATS_PREFIX: nats.prefix,
    GRPC_HOST: '127.0.0.1',
    GRPC_PORT: '0',
    OPS_HOST: '127.0.0.1',
    OPS_PORT: '0',
    ...overrides,
  });
  const started = await startDbProxyServer(config, { log: silent });
  for (const each of [a, b]) each.connectTo(started);
  return started;
}

async function sent(way: string, reason?: string): Promise<number> {
  const text = await service.metrics.registry.metrics();
  const labels = { way, ...(reason !== undefined && { reason }) };
  return sumOf(readMetrics(text), 'teamtalk_db_proxy_server_batches_sent_total', labels);
}

/** Sends messages between two users until one is sent directly. */
async function untilDirect(from = ann, to = cat): Promise<void> {
  await waitUntil(
    async () => {
      await a.send(from, to);
      return (await sent('direct')) > 0;
    },
    { what: 'a message is sent directly', timeoutMs: 10_000 },
  );
  await outboxEmpty();
  routed.splice(0);
  a.arrivals.splice(0);
  for (const each of [a, b]) each.direct.splice(0);
}

async function outboxEmpty(): Promise<void> {
  await waitUntil(async () => (await database.dataSource.query('SELECT 1 FROM outbox')).length === 0, {
    what: 'all outbox rows are deleted',
  });
}

/** Lets the next snapshot of `b` wait until it is released. `asked` has what sends a part of it. */
function holdSnapshot() {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  type Send = Parameters<NonNullable<typeof b.beforeSnapshot>>[0];
  const asked = new Promise<Send>((resolve) => {
    b.beforeSnapshot = (send) => {
      resolve(send);
      return released;
    };
  });
  return { asked, release };
}

/** Cuts db_proxy_server off NATS until it has connected again. */
async function natsLoss(meanwhile = () => {}): Promise<void> {
  const isListened = () =>
    bus.request(topics.presenceFollower(service.instance), {}, 1_000).then(
      () => true,
      () => false,
    );
  natsPath.cut();
  await waitUntil(async () => !(await isListened()), { what: 'NATS has noticed' });
  meanwhile();
  await bus.flush();
  natsPath.restore();
  await waitUntil(isListened, { what: 'it is connected again', timeoutMs: 10_000 });
}

describe('direct delivery', () => {
  it('brings a message to the msg_servers of both sides, to the sender’s with the result, and to no route_server', async () => {
    await a.logIn(ann, 11, [service]);
    await b.logIn(bob, 22, [service]);
    await untilDirect();
    const result = await a.send(ann, bob, { connectionId: 11 });
    await waitUntil(() => b.direct.length === 1, { what: 'the message' });
    expect(b.direct[0]).toMatchObject({
      fromUserId: ann,
      toSessionId: bob,
      msgId: result?.msgId,
      userIds: [bob],
      exceptConnection: 0,
      originInstance: a.instance,
    });
    expect(a.direct).toMatchObject([{ userIds: [ann], exceptConnection: 11 }]);
    expect(a.arrivals, 'in one frame').toEqual(['result', 'delivery']);
    expect(Buffer.compare(a.direct[0]?.pdu as Buffer, b.direct[0]?.pdu as Buffer)).toBe(0);
    await outboxEmpty();
    expect(routed).toEqual([]);
  });

  it('answers a login that waits for it, and knows it before the answer', async () => {
    await untilDirect();
    expect(await b.logIn(bob, 22, [service])).toEqual([service.instance]);
    await a.send(ann, bob);
    await waitUntil(() => b.direct.length === 1, { what: 'the message' });
  });

  it('ends the connection of a login that did not wait for it', async () => {
    await untilDirect();
    await b.logIn(bob, 22, []);
    await waitUntil(() => b.missed.length > 0, { what: 'reported as missed' });
    expect(b.missed).toEqual([22]);
    await b.logIn(bob, 23, [service]);
    await a.send(ann, bob);
    await waitUntil(() => b.direct.length === 1, { what: 'the message' });
    expect(b.missed).toEqual([22]);
  });

  it('ends the connection of a login it has not heard of', async () => {
    await untilDirect();
    b.logInUnheard(bob, 22);
    b.announce();
    await waitUntil(() => b.missed.length > 0, { what: 'reported as missed' });
    expect(b.missed).toEqual([22]);
  });

  it('tells a msg_server that is cut off from NATS over its stream that it was evicted', async () => {
    const { hostname, port } = new URL(nats.url);
    const path = await FaultProxy.start(() => [{ host: hostname, port: Number(port) }]);
    const { log, metrics } = createKit('test', { logLevel: 'silent', shutdownMs: 1_000 });
    const url = `nats://127.0.0.1:${path.port}`;
    const cutOff = await Bus.connect({ ...nats, url, name: 'test', log, metrics });
    const c = new TestMsgServer(cutOff);
    others.push(c);
    c.connectTo(service);
    await c.logIn(bob, 22, [service]);
    path.block();
    await waitUntil(() => c.evictions > 0, { timeoutMs: 15_000, what: 'evicted' });
    expect([a.evictions, b.evictions, c.evictions]).toEqual([0, 0, 1]);
    path.restore();
    await others.pop()?.stop();
    await cutOff.drain();
    await path.close();
    expect([a.evictions, b.evictions], 'deregistered').toEqual([0, 0]);
  });

  it('does not delete the outbox row before every msg_server has confirmed; after a second a route_server is asked', async () => {
    await a.logIn(ann, 11, [service]);
    await b.logIn(bob, 22, [service]);
    await untilDirect();
    b.confirms = false;
    const before = await sent('routed', 'unconfirmed');
    await a.send(ann, bob);
    await waitUntil(() => b.direct.length === 1, { what: 'the message' });
    await a.send(ann, cat);
    expect(await database.dataSource.query('SELECT 1 FROM outbox')).not.toEqual([]);
    await waitUntil(() => routed.length > 0, { what: 'a route_server' });
    expect(await sent('routed', 'unconfirmed')).toBeGreaterThan(before);
    await outboxEmpty();
    // It is not trusted for a while, and others do not wait for it.
    await a.send(ann, bob);
    await outboxEmpty();
    expect(b.direct).toHaveLength(1);
    const directly = await sent('direct');
    await a.send(ann, cat);
    expect(await sent('direct')).toBe(directly + 1);
  });

  it('asks a route_server at once when a stream breaks', async () => {
    await b.logIn(bob, 22, [service]);
    await untilDirect();
    b.confirms = false;
    await a.send(ann, bob);
    await waitUntil(() => b.direct.length === 1, { what: 'the message' });
    b.disconnectFrom(service);
    await waitUntil(() => routed.length > 0, { what: 'a route_server' });
    expect(await sent('routed', 'stream-broken'), 'not when its time is over').toBe(1);
    await a.send(ann, bob);
    await waitUntil(() => routed.length > 1, { what: 'a route_server' });
    expect(await sent('routed', 'no-stream')).toBeGreaterThan(0);
    b.confirms = true;
    b.connectTo(service);
    await waitUntil(
      async () => {
        await a.send(ann, bob);
        return b.direct.length > 1;
      },
      { what: 'the new stream is used' },
    );
  });

  it('is not used while a msg_server of an older version is there', async () => {
    await a.logIn(ann, 11, [service]);
    await untilDirect();
    const older = new TestMsgServer(bus, { direct: false });
    others.push(older);
    await older.logIn(bob, 5, []);
    await waitUntil(
      async () => {
        await a.send(ann, bob);
        return (await sent('routed', 'older-msg-server')) > 0;
      },
      { what: 'a route_server is asked' },
    );
    await older.stop();
    const directly = await sent('direct');
    await waitUntil(
      async () => {
        await a.send(ann, bob);
        return (await sent('direct')) > directly;
      },
      { what: 'it is used again' },
    );
  });

  it('is not used once NATS does not answer, and later knows who has come meanwhile', async () => {
    await a.logIn(ann, 11, [service]);
    await untilDirect();
    natsPath.block();
    await waitUntil(
      async () => {
        await a.send(ann, bob);
        return (await sent('routed', 'lease')) > 0;
      },
      { what: 'a route_server is asked' },
    );
    const directly = await sent('direct');
    await b.logIn(bob, 22, [service]);
    await a.send(ann, bob);
    expect(await sent('direct')).toBe(directly);
    natsPath.restore();
    await waitUntil(
      async () => {
        await a.send(ann, bob);
        return b.direct.length > 0;
      },
      { what: 'it is used again', timeoutMs: 20_000 },
    );
    expect(b.missed).toEqual([]);
  });

  it('fetches all sessions after a loss of NATS before it is used again', async () => {
    await untilDirect();
    natsPath.cut();
    await b.logIn(bob, 22, []);
    natsPath.restore();
    await waitUntil(
      async () => {
        await a.send(ann, bob);
        return b.direct.length > 0;
      },
      { what: 'it is used again', timeoutMs: 20_000 },
    );
    expect(b.missed).toEqual([]);
  });

  it('ends a connection that it sent messages past, although NATS is lost while it learns of it', async () => {
    await untilDirect();
    const held = holdSnapshot();
    await b.logIn(bob, 22, []);
    await held.asked;
    await a.send(ann, bob);
    await natsLoss();
    held.release();
    await waitUntil(() => b.missed.length > 0, { what: 'reported as missed', timeoutMs: 20_000 });
    expect(b.missed).toEqual([22]);
  });

  it('does not take a snapshot for complete of which NATS has lost a part', async () => {
    await b.logIn(bob, 22, [service]);
    await untilDirect();
    const held = holdSnapshot();
    b.logInUnheard(cat, 23);
    b.announce();
    const send = await held.asked;
    await natsLoss(() => send(b.sessions.filter(({ userId }) => userId === bob)));
    held.release();
    const directly = await sent('direct');
    await waitUntil(
      async () => {
        await a.send(ann, bob);
        return (await sent('direct')) > directly;
      },
      { what: 'it is used again', timeoutMs: 20_000 },
    );
    await waitUntil(() => b.direct.length > 0, { what: 'the message' });
  });

  it('knows who was there before it started', async () => {
    await b.logIn(bob, 22, [service]);
    await service.stop();
    service = await start();
    await waitUntil(
      async () => {
        await a.send(ann, bob);
        return b.direct.length > 0;
      },
      { what: 'the message', timeoutMs: 20_000 },
    );
    expect(b.missed).toEqual([]);
  });

  it('can be switched off', async () => {
    await service.stop();
    service = await start({ DIRECT_DELIVERY: 'false' });
    expect(await b.logIn(bob, 22, [service])).toEqual([]);
    await a.send(ann, bob);
    await outboxEmpty();
    expect(await sent('direct')).toBe(0);
    expect(b.direct).toEqual([]);
  });
});
