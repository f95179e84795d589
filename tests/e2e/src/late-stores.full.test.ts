import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { serviceEnvironment } from '@teamtalk/cluster';
import {
  FaultProxy,
  freePort,
  mainOf,
  type ServiceName,
  serviceNames,
  type TestDatabase,
  testDatabase,
  testNats,
  waitUntil,
} from '@teamtalk/local-stack';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

let database: TestDatabase;
let storage: string;
let child: ChildProcess | undefined;
const proxies: FaultProxy[] = [];

beforeAll(async () => {
  database = await testDatabase();
  storage = await mkdtemp(path.join(tmpdir(), 'teamtalk-storage-'));
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
});
afterAll(async () => {
  await rm(storage, { recursive: true, force: true });
  await database.drop();
});

test.each(serviceNames)(
  '%s waits for stores that are away, alive and not ready, and comes up when they are back',
  async (service: ServiceName) => {
    let away = true;
    /** The same URL through a proxy without a target while PostgreSQL and NATS are down. */
    const behindProxy = async (text: string) => {
      const url = new URL(text);
      const target = { host: url.hostname, port: Number(url.port) };
      const proxy = await FaultProxy.start(() => (away ? [] : [target]));
      proxies.push(proxy);
      url.port = String(proxy.port);
      return url.href;
    };
    const nats = await testNats();
    const opsPort = await freePort(0);
    const env = serviceEnvironment(
      service,
      { ...nats, url: await behindProxy(nats.url) },
      { ...database, url: await behindProxy(database.url) },
      storage,
    );
    child = spawn(process.execPath, [mainOf(service)], {
      env: { PATH: process.env.PATH, ...env, OPS_PORT: String(opsPort) },
      stdio: 'ignore',
    });
    const exit = new Promise<number | null>((resolve) => child?.once('exit', resolve));
    const get = (page: string) => fetch(`http://127.0.0.1:${opsPort}${page}`);
    const report = async () => {
      if (child?.exitCode !== null) return { ended: child?.exitCode };
      const response = await get('/readyz');
      return { status: response.status, ...((await response.json()) as object) };
    };
    const first = service === 'db_proxy_server' ? 'postgres' : 'nats';
    await waitUntil(() => get('/livez'), { what: 'life' });
    await expect
      .poll(report, { timeout: 20_000 })
      .toMatchObject({ status: 503, ready: false, dependencies: { [first]: 'down' } });
    away = false;
    await expect.poll(report, { timeout: 20_000 }).toMatchObject({ dependencies: { nats: 'up' } });
    if (service === 'db_proxy_server')
      await expect.poll(report, { timeout: 20_000 }).toMatchObject({ ready: true });
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
  },
  60_000,
);

test.each(['schema_migration', 'enter_store', 'pg_advisory_lock'])(
  'db_proxy_server waits also when PostgreSQL goes away as it starts, at %s',
  async (statement) => {
    const url = new URL(database.url);
    const target = { host: url.hostname, port: Number(url.port) };
    const proxy = await FaultProxy.start(() => [target]);
    proxies.push(proxy);
    let isCut = false;
    proxy.onBytes = (_, bytes) => {
      if (isCut || !bytes.includes(statement)) return;
      isCut = true;
      proxy.cut();
    };
    url.port = String(proxy.port);
    const opsPort = await freePort(0);
    const env = serviceEnvironment(
      'db_proxy_server',
      await testNats(),
      { ...database, url: url.href },
      storage,
    );
    child = spawn(process.execPath, [mainOf('db_proxy_server')], {
      env: { PATH: process.env.PATH, ...env, OPS_PORT: String(opsPort) },
      stdio: 'ignore',
    });
    let attempts = 0;
    proxy.onConnect = () => {
      if (isCut) attempts++;
    };
    await waitUntil(() => attempts > 0 || child?.exitCode !== null, {
      what: 'another attempt',
      timeoutMs: 20_000,
    });
    expect(child.exitCode).toBe(null);
    proxy.restore();
    await expect
      .poll(async () => (await fetch(`http://127.0.0.1:${opsPort}/readyz`)).status, { timeout: 20_000 })
      .toBe(200);
  },
  60_000,
);
