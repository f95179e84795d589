import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { addressesOf } from './addresses.js';
import { canaryAccounts, startDevCanary } from './canary.js';
import { Fleet } from './fleet.js';
import { parseReplicas } from './options.js';
import { planPorts } from './port-plan.js';
import { prepareDatabase } from './prepare-database.js';
import type { ProcessEntry } from './run-files.js';
import { type Servers, serviceUrl, startServers } from './servers.js';

let folder: string;
let servers: Servers | undefined;
let fleet: Fleet | undefined;
let processes: readonly ProcessEntry[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'listeners-'));
  vi.stubEnv('LOG_LEVEL', 'warn');
  // Vitest's own.
  vi.stubEnv('BASE_URL', '');
}, 60_000);
afterAll(async () => {
  await fleet?.stop();
  await servers?.stop();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** Processes of which this one is an ancestor, or that have `folder` in their command line. */
async function ours(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const parents = new Map<string, string>();
  const found = new Set([String(process.pid)]);
  for (const pid of pids) {
    const [stat, command] = await Promise.all(
      ['stat', 'cmdline'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')),
    );
    parents.set(pid, stat!.slice(stat!.lastIndexOf(')')).split(' ')[2] ?? '');
    if (command!.includes(folder)) found.add(pid);
  }
  for (let size = 0; size < found.size; ) {
    size = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found].filter((pid) => pid !== String(process.pid));
}

/** Addresses and ports at which our processes listen, as /proc shows them: 0100007F:1F40. */
async function listeners(): Promise<string[]> {
  const inodes = new Map<string, string>();
  for (const table of ['tcp', 'tcp6']) {
    for (const line of (await readFile(`/proc/net/${table}`, 'utf8')).split('\n').slice(1)) {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      if (state === '0A') inodes.set(`socket:[${inode}]`, local);
    }
  }
  const addresses = new Set<string>();
  for (const pid of await ours()) {
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const local = inodes.get(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''));
      if (local) addresses.add(local);
    }
  }
  return [...addresses].sort();
}

const loopback = /^(0100007F|0{24}01000000|0{16}FFFF00000100007F):/;

test('without --host nothing listens on any address but the loopback one, PostgreSQL and NATS included', async () => {
  const { planned } = await planPorts(parseReplicas(''));
  servers = await startServers(folder, {}, () => {});
  const canaries = await canaryAccounts({ CANARY_USERS: '2' });
  await prepareDatabase(servers.databaseUrl, { seed: 0, grants: servers.grants, canaries });
  fleet = new Fleet({
    ...servers,
    databaseUrl: serviceUrl(servers),
    planned,
    addresses: addressesOf('127.0.0.1'),
    consoleKey: '',
    logFolder: path.join(folder, 'log'),
    storageFolder: path.join(folder, 'storage'),
    onChange: (entries) => {
      processes = entries;
    },
    say: () => {},
  });
  await fleet.start(new AbortController().signal);
  const all = await listeners();
  const ports = planned.flatMap((replica) => Object.values(replica.ports));
  const own = [servers.databaseUrl, servers.natsUrl].map((url) => Number(new URL(url).port));
  const open = all.map((each) => Number.parseInt(each.split(':')[1]!, 16));
  expect(open).toEqual(expect.arrayContaining([...ports, ...own]));
  expect(all.filter((each) => !loopback.test(each))).toEqual([]);
}, 120_000);

test('with --canary, messages are sent between the msg_servers', async () => {
  const env = { CANARY_USERS: '2', LOG_LEVEL: 'warn' };
  const canary = await startDevCanary({
    local: '127.0.0.1',
    processes,
    logFolder: path.join(folder, 'log'),
    env,
  });
  try {
    const metrics = async () => (await fetch(`http://127.0.0.1:${canary.ports.ops}/metrics`)).text();
    await expect
      .poll(metrics, { timeout: 60_000 })
      .toMatch(/teamtalk_canary_deliveries_total\{outcome="delivered"\} [1-9]/);
  } finally {
    await canary.stop();
  }
}, 90_000);
