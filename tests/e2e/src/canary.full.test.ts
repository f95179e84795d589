import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { loadConfig, startCanary } from '@teamtalk/canary';
import { createGroup, TestCluster, testPassword } from '@teamtalk/cluster';
import { waitUntil } from '@teamtalk/local-stack';
import { Commands, PduDecoder } from '@teamtalk/protocol';
import { createLogger, readMetrics, type Service, sumOf } from '@teamtalk/service-kit';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

const accounts = 6;
/** Deliveries in a quiet run; with the canary's defaults there are 198 per second. */
const quiet = Number(process.env.CANARY_DELIVERIES ?? 1_000);

let cluster: TestCluster;
let accountIds: number[];
let canary: Service | undefined;
let logged: Record<string, unknown>[];
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  cluster = await TestCluster.start({ msg_server: 2 });
  const names = Array.from({ length: accounts }, (_, k) => `canary-${k + 1}`);
  accountIds = Object.values(await cluster.addUsers(names));
});
afterEach(async () => {
  await canary?.stop();
  canary = undefined;
  for (const close of closing.splice(0)) await close();
});
afterAll(() => cluster?.stop());

const serverPort = (k: number) => cluster.port('msg_server', k, 'client');

async function start(ports: readonly number[], env: Readonly<Record<string, string>> = {}): Promise<void> {
  logged = [];
  const config = loadConfig({
    OPS_HOST: '127.0.0.1',
    OPS_PORT: '0',
    CANARY_SERVERS: ports.map((port) => `127.0.0.1:${port}`).join(','),
    CANARY_USERS: String(accounts),
    CANARY_PASSWORD: testPassword,
    CANARY_RATE: '40',
    // A slow test machine must not count as late.
    CANARY_LATE_MS: '30000',
    CANARY_LOST_SECONDS: '30',
    ...env,
  });
  const destination = { write: (line: string) => void logged.push(JSON.parse(line)) };
  const log = createLogger({ service: 'canary', instance: 0, level: 'warn', destination });
  canary = await startCanary(config, { log });
}

async function figure(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${canary?.ports.ops}/metrics`)).text();
  return sumOf(readMetrics(text), `teamtalk_canary_${name}`, labels);
}

const deliveries = (outcome: string) => figure('deliveries_total', { outcome });

async function untilDelivered(more: number): Promise<void> {
  const begun = await deliveries('delivered');
  await waitUntil(async () => (await deliveries('delivered')) >= begun + more, {
    timeoutMs: 60_000 + more * 20,
    everyMs: 50,
    what: `${more} more deliveries`,
  });
}

/**
 * A proxy for a msg_server's port that drops one message to clients in `oneIn`. It simulates a fault of the server, since
 * TCP would repair a loss of the network.
 */
async function swallowing(port: number, oneIn: number): Promise<{ port: number; swallowed: () => number }> {
  let messages = 0;
  let swallowed = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const target = connect({ host: '127.0.0.1', port });
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        target.destroy();
      });
    }
    client.pipe(target);
    const decoder = new PduDecoder(64 * 1024 * 1024);
    target.on('data', (chunk: Buffer) => {
      decoder.push(chunk);
      for (let pdu = decoder.nextFrame(); pdu; pdu = decoder.nextFrame()) {
        if (pdu.commandId === Commands.MsgData.id && ++messages % oneIn === 0) swallowed++;
        else client.write(Buffer.from(pdu.frame));
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, swallowed: () => swallowed };
}

it(
  'reports no fault in a quiet run, and connects to every msg_server',
  async () => {
    await start([serverPort(0), serverPort(1)]);
    await untilDelivered(quiet);
    expect(await figure('servers_connected')).toBe(2);
    expect(await figure('users_online')).toBe(accounts);
    expect((await fetch(`http://127.0.0.1:${canary?.ports.ops}/readyz`)).status).toBe(200);
    for (const outcome of ['lost', 'duplicated', 'reordered', 'late', 'interrupted']) {
      expect(await deliveries(outcome), outcome).toBe(0);
    }
    expect(await figure('messages_total', { outcome: 'unacknowledged' })).toBe(0);
    expect(await figure('delivery_seconds_count')).toBeGreaterThanOrEqual(quiet);
    expect(logged).toEqual([]);
  },
  120_000 + quiet * 20,
);

it('writes in its own group, even if another user has a group of the same name', async () => {
  await cluster.addUsers(['mallory']);
  const mallory = await cluster.connect('mallory');
  const group = await createGroup(mallory, accountIds, 'canary');
  await mallory.send({ group }, 'the newest session of every account');
  await start([serverPort(0), serverPort(1)]);
  await untilDelivered(50);
  const messages = await cluster.sql('SELECT id FROM message WHERE conv = $1', [group]);
  expect(messages).toHaveLength(1);
  expect(logged).toEqual([]);
}, 90_000);

it('reports every message that a path loses, and names the path', async () => {
  const path = await swallowing(serverPort(1), 100);
  await start([serverPort(0), path.port], { CANARY_LOST_SECONDS: '5' });
  await waitUntil(async () => (await deliveries('lost')) >= 3, {
    timeoutMs: 60_000,
    everyMs: 50,
    what: 'three lost messages',
  });
  expect(await deliveries('lost')).toBeLessThanOrEqual(path.swallowed());
  for (const outcome of ['duplicated', 'reordered']) expect(await deliveries(outcome), outcome).toBe(0);
  expect(logged.length).toBeGreaterThanOrEqual(3);
  for (const line of logged) {
    expect(line).toMatchObject({ level: 'error', outcome: 'lost', to: `127.0.0.1:${path.port}` });
  }
}, 90_000);

it('does not report a loss when a msg_server stops, and reconnects when it is back', async () => {
  await start([serverPort(0), serverPort(1)]);
  await untilDelivered(50);
  await cluster.stopNode('msg_server', 1);
  await waitUntil(async () => (await figure('servers_connected')) === 1, { what: 'one msg_server left' });
  await untilDelivered(50);
  await cluster.restart('msg_server', 1);
  await waitUntil(async () => (await figure('users_online')) === accounts, {
    timeoutMs: 30_000,
    what: 'everybody online again',
  });
  await untilDelivered(100);
  expect(await figure('servers_connected')).toBe(2);
  for (const outcome of ['lost', 'duplicated', 'reordered']) expect(await deliveries(outcome)).toBe(0);
}, 120_000);
