import { Bus, HeartbeatPublisher, Registry, rendezvous, topics } from '@teamtalk/bus';
import { FaultProxy, type TestNats, testNats, waitUntil } from '@teamtalk/local-stack';
import {
  accounts,
  files,
  groups,
  loginStream,
  messageAppender,
  messages,
  nameKey,
  ReplicaPool,
  readMarker,
  teamtalk,
} from '@teamtalk/rpc';
import { createKit, createLogger, type Kit, type Service } from '@teamtalk/service-kit';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { addUser } from './accounts/add-user.js';
import { clientDigest } from './accounts/passwords/password.js';
import { loadConfig } from './config.js';
import { poolOf } from './database/data-source.js';
import { migrateDown, migrateUp } from './database/migrator.js';
import { startDbProxyServer } from './service.js';
import { cheapArgon2 } from './testing/test-context.js';
import { createTestDatabase, type TestDatabase } from './testing/test-database.js';

const silent = createLogger({ service: 'test', instance: 1, level: 'silent' });
const routeServer = 4242;

let database: TestDatabase;
let nats: TestNats;
let proxy: FaultProxy;
let kit: Kit;
let bus: Bus;
let pool: ReplicaPool;
let ann: number;
let bob: number;
const running: Service[] = [];

beforeAll(async () => {
  [database, nats] = await Promise.all([createTestDatabase(), testNats()]);
  const { hostname, port } = new URL(database.url);
  proxy = await FaultProxy.start(() => [{ host: hostname, port: Number(port) }]);
  ann = await addUser(database.dataSource, { name: 'ann', password: 'secret' }, cheapArgon2);
  bob = await addUser(database.dataSource, { name: 'bob', password: 'secret' }, cheapArgon2);
  kit = createKit('msg_server', { logLevel: 'silent', shutdownMs: 1_000 });
  bus = await Bus.connect({ ...nats, name: 'test', log: kit.log, metrics: kit.metrics });
});
afterAll(async () => {
  await bus.drain();
  await proxy.close();
  await database.drop();
});
beforeEach(() => {
  pool = new ReplicaPool();
});
afterEach(async () => {
  pool.close();
  proxy.restore();
  for (const service of running.splice(0)) await service.stop();
});

function environment(): NodeJS.ProcessEnv {
  const url = new URL(database.url);
  url.port = String(proxy.port);
  return {
    DATABASE_URL: url.href,
    NATS_URL: nats.url,
    NATS_PREFIX: nats.prefix,
    GRPC_HOST: '127.0.0.1',
    GRPC_PORT: '0',
    OPS_HOST: '127.0.0.1',
    OPS_PORT: '0',
  };
}

async function startService(overrides: NodeJS.ProcessEnv = {}): Promise<Service> {
  const config = loadConfig({ ...environment(), ...overrides });
  const service = await startDbProxyServer(config, { log: silent });
  running.push(service);
  pool.add({ instance: service.instance, address: `127.0.0.1:${service.ports.grpc}` });
  return service;
}

async function readiness(service: Service): Promise<{ status: number; dependencies: unknown }> {
  const response = await fetch(`http://127.0.0.1:${service.ports.ops}/readyz`);
  const { dependencies } = (await response.json()) as { dependencies: unknown };
  return { status: response.status, dependencies };
}

/** Messages that wait for a transaction. */
async function queued(service: Service): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${service.ports.ops}/metrics`);
  const [, count] =
    /^teamtalk_db_proxy_server_append_queue_messages(?:\{.*\})? (\d+)$/m.exec(await response.text()) ?? [];
  return Number(count);
}

/** Statements that wait for a lock. */
async function lockWaiters({ dataSource }: TestDatabase): Promise<number> {
  const rows = await dataSource.query(
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return rows.length;
}

function logIn() {
  const request = { userName: 'ann', passwordMd5: clientDigest('secret'), clientType: 1 };
  return pool.call(accounts.login, request, 8_000);
}

test('checks many logins over one stream, each with its own outcome', async () => {
  const service = await startService();
  const logins = loginStream(pool, {
    instance: 1,
    choose: (_, replicas) => replicas[0],
    log: silent,
    deadlineMs: 8_000,
    flushMs: 0,
    maxPending: 100,
  });
  try {
    const check = (userName: string, password: string) =>
      new Promise<teamtalk.db.LoginEntryResult | undefined>((resolve) => {
        const request = { userName, passwordMd5: clientDigest(password), clientType: 1, address: '' };
        logins.send({ requestId: 0, request }, nameKey(userName), resolve);
      });
    const outcomes = await Promise.all([check('ann', 'secret'), check('ann', 'wrong'), check('nobody', 'x')]);
    const { LOGIN_OK, LOGIN_WRONG_NAME_OR_PASSWORD } = teamtalk.db.LoginResult;
    expect(outcomes.map((outcome) => outcome?.reply?.result)).toEqual([
      LOGIN_OK,
      LOGIN_WRONG_NAME_OR_PASSWORD,
      LOGIN_WRONG_NAME_OR_PASSWORD,
    ]);
    expect(outcomes[0]?.reply?.user?.userDomain).toBe('ann');
    expect(outcomes[0]?.reply?.loginSeq).toBeGreaterThan(0);

    await database.dataSource.query('ALTER TABLE im_user RENAME TO im_user_away');
    try {
      expect((await check('ann', 'secret'))?.reply).toBeNull();
    } finally {
      await database.dataSource.query('ALTER TABLE im_user_away RENAME TO im_user');
    }
  } finally {
    logins.stop();
    pool.remove(service.instance);
  }
});

test('serves, reports readiness and announces its address', async () => {
  const registry = new Registry(bus, silent, 'db_proxy_server');
  try {
    const service = await startService();
    expect(await readiness(service)).toEqual({
      status: 200,
      dependencies: { postgres: 'up', schema: 'up', nats: 'up' },
    });
    const reply = await logIn();
    expect(reply.result).toBe(teamtalk.db.LoginResult.LOGIN_OK);
    expect(reply.user?.userId).toBe(ann);

    expect(await registry.waitFor(1, 15_000)).toBe(true);
    expect(registry.all()[0]).toMatchObject({
      instance: service.instance,
      rpcAddress: `127.0.0.1:${service.ports.grpc}`,
      draining: false,
    });
    await service.stop();
    await expect.poll(() => registry.all()).toEqual([]);
  } finally {
    registry.stop();
  }
});

test('serves every RPC', async () => {
  await startService();
  const methods = [accounts, groups, files, messages].flatMap((service) => Object.values(service));
  expect(methods.length).toBeGreaterThan(20);
  for (const method of methods.filter(({ requestStream }) => !requestStream)) {
    const outcome = await pool.call(method as typeof accounts.getUsers, {}, 5_000).then(
      () => 'ok',
      (error: Error) => error.message,
    );
    expect(outcome, method.path).not.toContain('not implement');
  }
});

test('announces the configured address', async () => {
  const registry = new Registry(bus, silent, 'db_proxy_server');
  try {
    await startService({ ADVERTISE_ADDRESS: '10.9.8.7:10600' });
    await expect.poll(() => registry.all().map(({ rpcAddress }) => rpcAddress)).toEqual(['10.9.8.7:10600']);
  } finally {
    registry.stop();
  }
});

test('runs two statements a second while idle', async () => {
  const { instance } = await startService();
  const query = vi.spyOn(pg.Client.prototype, 'query');
  let heartbeats = 0;
  const subscription = bus.subscribe(topics.heartbeat('db_proxy_server'), (heartbeat) => {
    if (heartbeat.instance === instance) heartbeats++;
  });
  try {
    await waitUntil(() => heartbeats >= 6, { what: 'six heartbeats' });
    const everySecond = () => {
      const counts = new Map<string, number>();
      for (const [statement] of query.mock.calls as unknown[][]) {
        const { name } = statement as { name?: string };
        if (name) counts.set(name, (counts.get(name) ?? 0) + 1);
      }
      // Statements that run every other second or less often are left out.
      return [...counts].filter(([, count]) => count > 0.7 * heartbeats).map(([name]) => name);
    };
    // A busy PostgreSQL costs a turn, not every one.
    await expect
      .poll(() => everySecond().sort(), { timeout: 15_000 })
      .toEqual(['enter_store', 'shared_poll']);
  } finally {
    query.mockRestore();
    subscription.unsubscribe();
  }
});

test('a message appended over the stream appears in every list, and is read once marked', async () => {
  const stored: teamtalk.db.AppendResult[] = [];
  const batches: number[] = [];
  const answering = bus.answer(topics.storedBatch(routeServer), (batch) => {
    batches.push(...batch.messages.map(({ msgId }) => msgId as number));
    return {};
  });
  const heartbeats = new HeartbeatPublisher(bus, {
    instance: routeServer,
    service: 'route_server',
    hostname: 'test',
  });
  await startService();
  const options = {
    instance: kit.instance,
    choose: rendezvous,
    log: silent,
    deadlineMs: 20_000,
    flushMs: 0,
    maxPending: 100,
  };
  const appender = messageAppender(pool, options);
  const marker = readMarker(pool, options);
  try {
    for (const text of ['one', 'two', 'three']) {
      const entry = {
        requestId: 0,
        fromUserId: ann,
        toSessionId: bob,
        msgType: 1,
        msgData: Buffer.from(text),
      };
      appender.send(entry, 1, (result) => result && stored.push(result));
    }
    await appender.settle();
    expect(stored.map(({ status, msgId }) => [status, msgId])).toEqual([
      [teamtalk.db.AppendStatus.APPEND_STORED, 1],
      [teamtalk.db.AppendStatus.APPEND_STORED, 2],
      [teamtalk.db.AppendStatus.APPEND_STORED, 3],
    ]);
    await expect.poll(() => batches).toEqual([1, 2, 3]);

    const session = { userId: bob, sessionType: 1, sessionId: ann };
    const history = await pool.call(messages.getHistory, { ...session, msgCnt: 2 }, 15_000);
    expect(history.messages?.map(({ msgData }) => Buffer.from(msgData ?? '').toString())).toEqual([
      'three',
      'two',
    ]);
    expect((await pool.call(messages.getUnread, { userId: bob }, 15_000)).totalCnt).toBe(3);
    const recent = await pool.call(messages.getRecentSessions, { userId: ann }, 15_000);
    expect(recent.sessions).toMatchObject([{ sessionId: bob, latestMsgId: 3, latestMsgFromUserId: ann }]);

    marker.send({ ...session, requestId: 0, msgId: 2 }, 1, () => {});
    await marker.settle();
    expect((await pool.call(messages.getUnread, { userId: bob }, 15_000)).totalCnt).toBe(1);
  } finally {
    appender.stop();
    marker.stop();
    answering.unsubscribe();
    await heartbeats.stop();
  }
});

test('a message that was in transit while its sender’s earlier one was given up is not stored before that', async () => {
  const service = await startService();
  const { append } = messages;
  const stream = pool.replicas[0]!.client.makeBidiStreamRequest(
    append.path,
    append.requestSerialize,
    append.responseDeserialize,
  );
  stream.on('error', () => {});
  let received = 0;
  const results = new Map<number, teamtalk.db.AppendResult.$Properties>();
  stream.on('data', (frame: teamtalk.db.AppendResults) => {
    received++;
    for (const result of frame.results) results.set(result.requestId ?? 0, result);
  });
  const send = (seen: number, ...entries: [requestId: number, from: number, to: number][]) =>
    stream.write({
      originInstance: 7,
      seen,
      entries: entries.map(([requestId, fromUserId, toSessionId]) => {
        return {
          requestId,
          fromUserId,
          toSessionId,
          msgType: 1,
          msgData: Buffer.from('text'),
          connectionId: 0,
        };
      }),
    });
  const statuses = async (...requestIds: number[]) => {
    await expect.poll(() => requestIds.every((each) => results.has(each)), { timeout: 15_000 }).toBe(true);
    return requestIds.map((each) => results.get(each)?.status);
  };
  const { APPEND_STORED, APPEND_UNAVAILABLE } = teamtalk.db.AppendStatus;
  const [cat, dan] = await Promise.all(
    ['cat', 'dan'].map((name) => addUser(database.dataSource, { name, password: 'secret' }, cheapArgon2)),
  );

  proxy.cut();
  send(1, [2, cat!, dan!]);
  expect(await statuses(2)).toEqual([APPEND_UNAVAILABLE]);
  proxy.restore();
  await expect.poll(() => readiness(service), { timeout: 15_000 }).toMatchObject({ status: 200 });
  send(1, [4, cat!, dan!], [6, dan!, cat!], [8, cat!, ann]);
  expect(await statuses(4, 6, 8)).toEqual([APPEND_UNAVAILABLE, APPEND_STORED, APPEND_STORED]);
  send(received + 1, [10, cat!, dan!]);
  expect(await statuses(10)).toEqual([APPEND_STORED]);
  stream.end();
});

test('a message resent over another connection while its first attempt waits for a transaction is stored once', async () => {
  const service = await startService();
  // Callers of a db_proxy_server that was restarted at the same address see two instances until the old one is evicted.
  const oldWay = await FaultProxy.start(() => [{ host: '127.0.0.1', port: service.ports.grpc! }]);
  const oldInstance = 1;
  pool.add({ instance: oldInstance, address: `127.0.0.1:${oldWay.port}` });
  const appender = messageAppender(pool, {
    instance: kit.instance,
    choose: (_, replicas) => replicas.find(({ instance }) => instance === oldInstance) ?? replicas[0],
    log: silent,
    deadlineMs: 20_000,
    flushMs: 0,
    maxPending: 100,
  });
  const eve = await addUser(database.dataSource, { name: 'eve', password: 'secret' }, cheapArgon2);
  const send = (text: string) =>
    new Promise<number | undefined>((resolve) => {
      const message = { fromUserId: eve, toSessionId: ann, msgType: 1, msgData: Buffer.from(text) };
      appender.send({ requestId: 0, ...message }, 1, (result) => resolve(result?.msgId));
    });
  const lock = await poolOf(database.dataSource).connect();
  try {
    expect(await send('before')).toBe(1);
    const conv = '($1::int8 << 32) | $2';
    await lock.query('BEGIN');
    await lock.query(`SELECT FROM conversation WHERE conv = ${conv} FOR UPDATE`, [ann, eve]);
    const results = [send('one')];
    await expect.poll(() => lockWaiters(database)).toBe(1);
    results.push(send('two'), send('three'));
    await expect.poll(() => queued(service)).toBe(2);
    oldWay.block();
    pool.remove(oldInstance);
    await expect.poll(() => queued(service)).toBe(5);
    await lock.query('COMMIT');
    expect(await Promise.all(results)).toEqual([2, 3, 4]);
    const rows = await database.dataSource.query(
      `SELECT convert_from(data, 'UTF8') AS text FROM message WHERE conv = ${conv} ORDER BY id`,
      [ann, eve],
    );
    expect(rows.map(({ text }: { text: string }) => text)).toEqual(['before', 'one', 'two', 'three']);
  } finally {
    lock.release(true);
    appender.stop();
    await oldWay.close();
  }
});

test.each(['cut', 'block'] as const)(
  'lives through a database that is gone (%s), says so, and recovers by itself',
  async (how) => {
    const registry = new Registry(bus, silent, 'db_proxy_server');
    try {
      const service = await startService();
      await logIn();
      proxy[how]();
      await expect
        .poll(() => readiness(service), { timeout: 15_000 })
        .toEqual({ status: 503, dependencies: { postgres: 'down', schema: 'up', nats: 'up' } });
      await expect.poll(() => registry.all()[0]?.draining, { timeout: 15_000 }).toBe(true);
      await expect(logIn()).rejects.toMatchObject({
        code: expect.stringMatching(/^(unavailable|deadline-exceeded)$/),
      });

      proxy.restore();
      await expect.poll(() => readiness(service), { timeout: 15_000 }).toMatchObject({ status: 200 });
      expect((await logIn()).result).toBe(teamtalk.db.LoginResult.LOGIN_OK);
    } finally {
      registry.stop();
    }
  },
);

test('does not start without its tables, and names the fix', async () => {
  await migrateDown(database.dataSource);
  try {
    await expect(startService()).rejects.toThrow('run `teamtalk migrate up` first');
  } finally {
    await migrateUp(database.dataSource);
  }
});

test('is not ready, and gets no requests, while the schema is incompatible', async () => {
  const registry = new Registry(bus, silent, 'db_proxy_server');
  const { dataSource } = database;
  try {
    const service = await startService();
    // No migration does this while the service runs.
    await dataSource.query(
      `CREATE TABLE IF NOT EXISTS schema_migration_needs (migration text PRIMARY KEY, level int8)`,
    );
    await dataSource.query(
      `INSERT INTO schema_migration (timestamp, name) VALUES (9999999999999, 'Later9999999999999')`,
    );
    await dataSource.query(`INSERT INTO schema_migration_needs VALUES ('Later9999999999999', 9999999999999)`);
    await expect
      .poll(() => readiness(service), { timeout: 30_000 })
      .toEqual({ status: 503, dependencies: { postgres: 'up', schema: 'down', nats: 'up' } });
    await expect.poll(() => registry.all()[0]?.draining, { timeout: 15_000 }).toBe(true);

    await dataSource.query(`DELETE FROM schema_migration WHERE timestamp = 9999999999999`);
    await expect.poll(() => readiness(service), { timeout: 30_000 }).toMatchObject({ status: 200 });
    await expect.poll(() => registry.all()[0]?.draining, { timeout: 15_000 }).toBe(false);
  } finally {
    registry.stop();
    await dataSource.query(`DELETE FROM schema_migration WHERE timestamp = 9999999999999`);
  }
});

test('does not start without PostgreSQL, and does not reveal the password', async () => {
  proxy.cut();
  const failure = await startService().then(
    () => undefined,
    (error: unknown) => error as Error,
  );
  expect(failure).toMatchObject({ code: 'unavailable' });
  expect(failure?.message).toContain(`127.0.0.1:${proxy.port}`);
  const { password } = new URL(database.url);
  expect(password).not.toBe('');
  expect(failure?.message).not.toContain(`:${password}@`);
});
