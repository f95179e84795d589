import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { loadConfig, startCanary } from '@teamtalk/canary';
import { createGroup, TestCluster, testPassword } from '@teamtalk/cluster';
import { waitUntil } from '@teamtalk/local-stack';
import { Commands, PduDecoder } from '@teamtalk/protocol';
import { createLogger, readMetrics, type Service, sumOf } from '@teamtalk/service-kit';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

const minute = 60_000;
const accounts = 6;
const quickly = {
  CANARY_USERS: String(accounts),
  CANARY_RATE: '40',
  // A slow test machine must not count as late.
  CANARY_LATE_MS: '30000',
  CANARY_LOST_SECONDS: '30',
};

interface Size {
  accounts: number;
  settings: Readonly<Record<string, string>>;
  /** how long a quiet run takes at least, and what is delivered in it */
  quietMs: number;
  deliveries: number;
  /** share of deliveries that may be late in a quiet run */
  late: number;
  /** of so many messages one is lost */
  oneIn: number;
  /** of which so many have to be reported within `seenMs` */
  losses: number;
  lostSeconds: number;
  seenMs: number;
}

const quick: Size = {
  accounts,
  settings: quickly,
  quietMs: 5_000,
  deliveries: 1_000,
  late: 0,
  oneIn: 100,
  losses: 3,
  lostSeconds: 5,
  seenMs: minute,
};
/** With the canary's own settings, and the error budget: docs/guides/canary.md. */
const full: Size = {
  accounts: 100,
  settings: {},
  quietMs: 30 * minute,
  deliveries: 300_000,
  late: 0.001,
  oneIn: 10_000,
  losses: 1,
  lostSeconds: 10,
  seenMs: 5 * minute,
};
const size = process.env.CANARY_FULL === 'true' ? full : quick;

let cluster: TestCluster;
let accountIds: number[];
let canary: Service | undefined;
let logged: Record<string, unknown>[];
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  cluster = await TestCluster.start({ msg_server: 2 });
  const names = Array.from({ length: size.accounts }, (_, k) => `canary-${k + 1}`);
  accountIds = Object.values(await cluster.addUsers(names)).slice(0, accounts);
}, 300_000);
afterEach(async () => {
  await canary?.stop();
  canary = undefined;
  for (const close of closing.splice(0)) await close();
});
afterAll(() => cluster?.stop());

const serverPort = (k: number) => cluster.port('msg_server', k, 'client');

async function start(
  ports: readonly number[],
  settings: Readonly<Record<string, string>> = quickly,
): Promise<void> {
  logged = [];
  const config = loadConfig({
    OPS_HOST: '127.0.0.1',
    OPS_PORT: '0',
    CANARY_SERVERS: ports.map((port) => `127.0.0.1:${port}`).join(','),
    CANARY_PASSWORD: testPassword,
    ...settings,
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

async function untilOnline(): Promise<void> {
  await waitUntil(async () => (await figure('users_online')) === size.accounts, {
    timeoutMs: minute,
    everyMs: 50,
    what: 'every account online',
  });
}

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
    await start([serverPort(0), serverPort(1)], size.settings);
    await untilOnline();
    logged.length = 0;
    const begun = performance.now();
    const isOver = async () =>
      performance.now() - begun > size.quietMs && (await deliveries('delivered')) > size.deliveries;
    await waitUntil(isOver, {
      timeoutMs: size.quietMs + minute,
      everyMs: 1_000,
      what: `${size.deliveries} deliveries`,
    });
    expect(await figure('servers_connected')).toBe(2);
    expect(await figure('users_online')).toBe(size.accounts);
    expect((await fetch(`http://127.0.0.1:${canary?.ports.ops}/readyz`)).status).toBe(200);
    for (const outcome of ['lost', 'duplicated', 'reordered', 'interrupted']) {
      expect(await deliveries(outcome), outcome).toBe(0);
    }
    const [delivered, late] = [await deliveries('delivered'), await deliveries('late')];
    expect(late).toBeLessThanOrEqual(size.late * delivered);
    expect(await figure('messages_total', { outcome: 'unacknowledged' })).toBe(0);
    expect(logged).toEqual([]);
    console.log(`canary, quiet: ${delivered} delivered, ${late} late`);
  },
  size.quietMs + 4 * minute,
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

it(
  `reports what a path loses, one message in ${size.oneIn}, and names the path`,
  async () => {
    const path = await swallowing(serverPort(1), size.oneIn);
    await start([serverPort(0), path.port], {
      ...size.settings,
      CANARY_LOST_SECONDS: String(size.lostSeconds),
    });
    await untilOnline();
    const begun = performance.now();
    await waitUntil(async () => (await deliveries('lost')) >= size.losses, {
      timeoutMs: size.seenMs,
      everyMs: 50,
      what: `${size.losses} lost messages`,
    });
    const seconds = Math.round((performance.now() - begun) / 1_000);
    const lost = await deliveries('lost');
    expect(lost).toBeLessThanOrEqual(path.swallowed());
    for (const outcome of ['duplicated', 'reordered']) expect(await deliveries(outcome), outcome).toBe(0);
    // Logins of many accounts at once may fail at first, which is a warning.
    const errors = logged.filter(({ level }) => level === 'error');
    expect(errors.length).toBeGreaterThanOrEqual(size.losses);
    for (const line of errors) {
      expect(line).toMatchObject({ outcome: 'lost', to: `127.0.0.1:${path.port}` });
    }
    console.log(`canary, one in ${size.oneIn} lost: ${lost} reported after ${seconds} s`);
  },
  size.seenMs + 3 * minute,
);

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
