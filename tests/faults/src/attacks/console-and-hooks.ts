import type { TestCluster } from '@teamtalk/cluster';
import { inviteToConsole, openDataSource } from '@teamtalk/db_proxy_server';
import { type Attack, witnessName } from './attack.js';
import { attackerAddress, post } from './attacker.js';

const password = 'correct horse battery';
const holdersAddress = '127.0.0.1';

/** Calls the console's API as its pages do. @returns the status */
async function callConsole(
  cluster: TestCluster,
  path: 'setup' | 'session',
  body: object,
  address = attackerAddress,
): Promise<number> {
  const origin = cluster.url('admin_server');
  const headers = { origin, 'x-teamtalk-console': '1', 'content-type': 'application/json' };
  return (await post(`${origin}/admin/v1/${path}`, JSON.stringify(body), headers, address)).status;
}

/** Sets the console up with an owner who has this password. */
async function addOwner(cluster: TestCluster): Promise<void> {
  const dataSource = await openDataSource(cluster.database.url);
  try {
    const { token } = await inviteToConsole(dataSource, { name: 'admin', role: 'owner' });
    await callConsole(cluster, 'setup', { token, password }, holdersAddress);
  } finally {
    await dataSource.destroy();
  }
}

function passwordChecks(cluster: TestCluster): Promise<number> {
  return cluster.metric('db_proxy_server', 0, 'argon2_seconds_count');
}

/** Attacks on the console and on hooks without an account or a token. */
export const consoleAndHooks: readonly Attack[] = [
  {
    name: 'console-guesses',
    what: 'simultaneous logins at the console from one address, each with another name: passwords that are checked',
    services: { admin_server: 1 },
    full: 1_000,
    small: 200,
    envOf: () => ({ db_proxy_server: { LOGIN_MAX_NAMES_PER_ADDRESS: '20' } }),
    run: async (cluster, count) => {
      const before = await passwordChecks(cluster);
      const guessing = Array.from({ length: count }, (_, i) =>
        callConsole(cluster, 'session', { name: `guess ${i}`, password: 'guess' }),
      );
      const begin = performance.now();
      await (await cluster.connect(witnessName)).close();
      const loginMs = Math.round(performance.now() - begin);
      await Promise.all(guessing);
      // One of them is the witness's.
      const checked = (await passwordChecks(cluster)) - before - 1;
      return { 'passwords checked, of 20': checked, 'a user’s login meanwhile, ms': loginMs };
    },
  },
  {
    name: 'console-lockout',
    what: 'wrong passwords for the owner of the console from another address: can the owner log in?',
    services: { admin_server: 1 },
    full: 100,
    small: 20,
    envOf: () => ({}),
    run: async (cluster, count) => {
      await addOwner(cluster);
      for (let i = 0; i < count; i++) {
        await callConsole(cluster, 'session', { name: 'admin', password: `guess ${i}` });
      }
      const status = await callConsole(cluster, 'session', { name: 'admin', password }, holdersAddress);
      return { 'the owner can log in': status === 200 ? 'yes' : 'no' };
    },
  },
  {
    name: 'hook-guesses',
    what: 'simultaneous posts to hooks that do not exist: how many cause a query',
    full: 1_000,
    small: 100,
    envOf: () => ({}),
    run: async (cluster, count) => {
      const headers = { 'content-type': 'application/json' };
      const answers = await Promise.all(
        Array.from({ length: count }, (_, i) =>
          post(`${cluster.url('http_msg_server')}/hooks/guess-${i}`, '{"text":"x"}', headers),
        ),
      );
      return { 'asked for': answers.filter(({ status }) => status === 404).length };
    },
  },
];
