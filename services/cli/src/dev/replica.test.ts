import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort, isAlive, testNats, waitUntil } from '@teamtalk/local-stack';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Replica } from './replica.js';
import { ServiceLog } from './service-log.js';

let folder: string;
let said: string[];
let replica: Replica;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'replica-'));
  said = [];
});

afterEach(async () => {
  await replica.stop(5_000);
  await rm(folder, { recursive: true, force: true });
});

async function start(env: Record<string, string> = {}): Promise<void> {
  const nats = await testNats();
  replica = new Replica({
    service: 'route_server',
    replica: 0,
    ports: { ops: await freePort(0) },
    env: { NATS_URL: nats.url, NATS_PREFIX: nats.prefix, ...env },
    log: new ServiceLog(folder, 'route_server-0', (line) => said.push(line)),
    onChange: () => {},
    say: (line) => said.push(line),
  });
}

test('a process that dies is started again on the same ports, and told', async () => {
  await start();
  await replica.up;
  const first = replica.running!;
  expect(await replica.readiness()).toBe(true);
  process.kill(first.pid, 'SIGKILL');
  const second = await waitUntil(() => replica.running?.pid !== first.pid && replica.running, {
    what: 'the next',
  });
  expect(second.ports).toEqual(first.ports);
  expect(await replica.readiness()).toBe(true);
  expect(said).toEqual([
    'route_server-0 has ended (SIGKILL); it is started again in 250 ms',
    `route_server-0 is up again (pid ${second.pid})`,
  ]);
  await replica.stop(5_000);
  expect(isAlive(second.pid)).toBe(false);
  expect(replica.running).toBeUndefined();
});

test('one whose configuration is wrong says which variable', async () => {
  await start({ LOG_LEVEL: 'loud' });
  await expect(replica.up).rejects.toThrow('LOG_LEVEL: must be one of');
});

test('one that is stopped on its way up does not come up', async () => {
  await start();
  await replica.stop(5_000);
  await expect(replica.up).rejects.toThrow('route_server-0 was stopped');
  expect(replica.running).toBeUndefined();
});

test('one whose port is taken while it is down says which, and comes back when it is free', async () => {
  await start();
  await replica.up;
  const { pid, ports } = replica.running!;
  const taker = createServer();
  process.kill(pid, 'SIGKILL');
  await waitUntil(
    () =>
      new Promise<boolean>((resolve) => {
        taker.once('error', () => resolve(false));
        taker.listen(ports.ops, '127.0.0.1', () => resolve(true));
      }),
    { everyMs: 5, what: 'the port taken' },
  );
  const told = `route_server-0: port ${ports.ops} is in use by another program; route_server-0 is started when it is free`;
  await waitUntil(() => said.includes(told), { what: 'that the port is taken' });
  expect(replica.running).toBeUndefined();
  taker.close();
  await waitUntil(() => replica.running, { what: 'the service back' });
  expect(replica.running!.ports).toEqual(ports);
  expect(said.filter((line) => line === told)).toHaveLength(1);
});
