import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { asService, databaseRole, TestCluster } from '@teamtalk/cluster';
import { loadConfig, migrateUp, openDataSource, startDbProxyServer } from '@teamtalk/db_proxy_server';
import { Pgbouncer, type TestDatabase, testDatabase } from '@teamtalk/local-stack';
import { afterEach, beforeEach, expect, it } from 'vitest';

/** The guide's setting for startup parameters that pgbouncer cannot pass on. */
const ignoring = {
  ignore_startup_parameters: 'statement_timeout,idle_in_transaction_session_timeout,options',
};
const timeouts = { statement_timeout: '5s', idle_in_transaction_session_timeout: '10s' };

let dir: string;
let database: TestDatabase;
let pgbouncer: Pgbouncer | undefined;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), `teamtalk-test-${process.pid}-`));
  await chmod(dir, 0o711);
  database = await testDatabase();
});
afterEach(async () => {
  await pgbouncer?.stop();
  pgbouncer = undefined;
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

async function start(
  mode: 'session' | 'transaction' | 'statement',
  target = database.url,
  settings: Readonly<Record<string, string>> = ignoring,
): Promise<string> {
  pgbouncer = await Pgbouncer.start({
    dir: path.join(dir, 'pgbouncer'),
    target,
    users: { [databaseRole.name]: databaseRole.password },
    mode,
    settings,
  });
  return pgbouncer.url;
}

/** Sets the timeouts of db_proxy_server's role, in this database only. */
async function setTimeouts(url: string): Promise<void> {
  const owner = await openDataSource(url);
  try {
    const name = new URL(url).pathname.slice(1);
    for (const [setting, value] of Object.entries(timeouts)) {
      await owner.query(`ALTER ROLE ${databaseRole.name} IN DATABASE "${name}" SET ${setting} = '${value}'`);
    }
  } finally {
    await owner.destroy();
  }
}

/** Starts a db_proxy_server that must refuse the database before it connects to NATS. */
function startOn(url: string): Promise<unknown> {
  const env = { LOG_LEVEL: 'silent', OPS_PORT: '0', GRPC_PORT: '0', NATS_URL: 'nats://127.0.0.1:1' };
  return startDbProxyServer(loadConfig({ ...env, DATABASE_URL: asService(url) }));
}

it('pool_mode = session works, even when PostgreSQL closes connections', async () => {
  // Starts without db_proxy_server, because the database's address is known only afterwards.
  const cluster = await TestCluster.start({ db_proxy_server: 0, msg_server: 0, route_server: 1 });
  try {
    await setTimeouts(cluster.database.url);
    const url = asService(await start('session', cluster.database.url));
    await cluster.add('db_proxy_server', { DATABASE_URL: url });
    await cluster.add('db_proxy_server', { DATABASE_URL: url });
    await cluster.add('msg_server');
    const ids = await cluster.addUsers(['a', 'b']);
    const a = await cluster.connect('a');
    const b = await cluster.connect('b');
    const send = async (text: string) => {
      await a.send({ user: ids.b }, text, { key: text, deadlineMs: 30_000 });
      expect((await b.nextMessage(30_000)).text).toBe(text);
    };
    for (let k = 0; k < 20; k++) await send(`before ${k}`);
    const broken = await cluster.sql(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = $1',
      [databaseRole.name],
    );
    expect(broken.length).toBeGreaterThan(4);
    // Retried without an ack; the key prevents a duplicate.
    await expect.poll(() => send('after').then(() => 'arrived', String), { timeout: 60_000 }).toBe('arrived');
    for (let k = 0; k < 20; k++) await send(`later ${k}`);
  } finally {
    await cluster.stop();
  }
}, 180_000);

it.each(['transaction', 'statement'] as const)(
  'pool_mode = %s is refused, by db_proxy_server and by the migration',
  async (mode) => {
    await setTimeouts(database.url);
    const url = await start(mode);
    await expect(startOn(url)).rejects.toThrow('pgbouncer needs pool_mode = session');
    const owner = await openDataSource(url);
    try {
      await expect(migrateUp(owner)).rejects.toThrow('pgbouncer needs pool_mode = session');
    } finally {
      await owner.destroy();
    }
  },
  60_000,
);

it('a role without timeouts is refused, since pgbouncer does not forward them', async () => {
  await expect(startOn(await start('session'))).rejects.toThrow(
    `ALTER ROLE ${databaseRole.name} SET idle_in_transaction_session_timeout and statement_timeout`,
  );
}, 60_000);

it('the error names pgbouncer if it refuses startup parameters, and the setting it needs', async () => {
  await setTimeouts(database.url);
  await expect(startOn(await start('session', database.url, {}))).rejects.toThrow(
    'pgbouncer needs ignore_startup_parameters = statement_timeout',
  );
}, 60_000);
