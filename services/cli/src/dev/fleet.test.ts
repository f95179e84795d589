import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { serviceNames, type TestDatabase, testDatabase, testNats, traitsOf } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { addressesOf } from './addresses.js';
import { Fleet } from './fleet.js';
import { parseReplicas } from './options.js';
import { type PlannedReplica, planPorts } from './port-plan.js';

let folder: string;
let database: TestDatabase;
const fleets: Fleet[] = [];
const takers: Server[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fleet-'));
  database = await testDatabase();
  // Every default port is somebody else's; where it is already, nothing is left to do.
  for (const { fallback } of serviceNames.flatMap((name) => Object.values(traitsOf(name).ports))) {
    const taker = createServer().on('error', () => {});
    await new Promise<void>((resolve) =>
      taker.once('error', () => resolve()).listen(fallback, '127.0.0.1', resolve),
    );
    takers.push(taker);
  }
});
afterAll(async () => {
  for (const fleet of fleets) await fleet.stop();
  for (const taker of takers) taker.close();
  vi.unstubAllEnvs();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

async function start(host: string): Promise<PlannedReplica[]> {
  const nats = await testNats();
  vi.stubEnv('NATS_PREFIX', nats.prefix);
  vi.stubEnv('LOG_LEVEL', 'warn');
  // Vitest's own.
  vi.stubEnv('BASE_URL', '');
  const { planned } = await planPorts(parseReplicas(''));
  const fleet = new Fleet({
    planned,
    addresses: addressesOf(host),
    databaseUrl: database.url,
    natsUrl: nats.url,
    natsPasswords: undefined,
    consoleKey: '',
    logFolder: path.join(folder, 'log'),
    storageFolder: path.join(folder, 'storage'),
    onChange: () => {},
    say: () => {},
  });
  fleets.push(fleet);
  await fleet.start(new AbortController().signal);
  return planned;
}

/** Services and names of the ports that take a connection at this address. */
async function openAt(address: string, planned: readonly PlannedReplica[]): Promise<string[]> {
  const all = planned.flatMap(({ service, ports }) =>
    Object.entries(ports).map(async ([name, port]) => {
      const socket = connect(port, address);
      const isOpen = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      });
      socket.destroy();
      return isOpen ? [`${service} ${name}`] : [];
    }),
  );
  return (await Promise.all(all)).flat().sort();
}

const portOf = (planned: readonly PlannedReplica[], service: string, name: string) =>
  planned.find((each) => each.service === service)!.ports[name];

/** What clients are told at this address. */
async function told(address: string, planned: readonly PlannedReplica[]): Promise<Record<string, string>> {
  const response = await fetch(`http://${address}:${portOf(planned, 'login_server', 'http')}/msg_server`);
  return (await response.json()) as Record<string, string>;
}

test('services on other ports than usual tell clients those, and listen on the loopback address alone', async () => {
  const planned = await start('127.0.0.1');
  const msfs = portOf(planned, 'msfs', 'http');
  expect(msfs).not.toBe(8700);
  expect(await told('127.0.0.1', planned)).toMatchObject({
    priorIP: '127.0.0.1',
    port: String(portOf(planned, 'msg_server', 'client')),
    msfsPrior: `http://127.0.0.1:${msfs}/`,
    msfsBackup: `http://127.0.0.1:${msfs}/`,
  });
  const { discovery = '' } = await told('127.0.0.1', planned);
  expect(await (await fetch(discovery)).json()).toEqual([]);
  const answer = await fetch(`http://127.0.0.1:${msfs}/`);
  expect(await answer.json()).toMatchObject({ error_code: 1 });
  const all = planned.flatMap(({ ports }) => Object.keys(ports));
  expect(await openAt('127.0.0.1', planned)).toHaveLength(all.length);
  // Another address of this machine, which all addresses include.
  expect(await openAt('127.0.0.2', planned)).toEqual([]);
}, 90_000);

test('--host opens what clients and callers of the HTTP API dial, and nothing else', async () => {
  const planned = await start('127.0.0.2');
  expect(await openAt('127.0.0.2', planned)).toEqual([
    'file_server client',
    'file_server ws',
    'http_msg_server http',
    'login_server http',
    'login_server tcp',
    'msfs http',
    'msg_server client',
    'msg_server ws',
    'web_server http',
  ]);
  expect(await told('127.0.0.2', planned)).toMatchObject({
    priorIP: '127.0.0.2',
    msfsPrior: `http://127.0.0.2:${portOf(planned, 'msfs', 'http')}/`,
  });
  const page = await fetch(`http://127.0.0.2:${portOf(planned, 'web_server', 'http')}/config.json`);
  expect(await page.json()).toMatchObject({
    webSocketUrls: [`ws://127.0.0.2:${portOf(planned, 'msg_server', 'ws')}/`],
    msfsUrl: `http://127.0.0.2:${portOf(planned, 'msfs', 'http')}/`,
  });
}, 90_000);
