import { chmod, chown, copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Bus } from '@teamtalk/bus';
import { offlineFiles, sendFile } from '@teamtalk/client';
import { TestCluster } from '@teamtalk/cluster';
import { openDataSource } from '@teamtalk/db_proxy_server';
import { NatsServer, PostgresServer, waitUntil } from '@teamtalk/local-stack';
import { accounts, ReplicaPool } from '@teamtalk/rpc';
import { createLogger, Metrics } from '@teamtalk/service-kit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GeneratedFile } from './generated-file.js';

const file = (name: string) => fileURLToPath(new URL(`certificates/${name}`, import.meta.url));
const ours = {
  caFile: file('ca.cert.pem'),
  certFile: file('service.cert.pem'),
  keyFile: file('service.key.pem'),
};
const strangers = { certFile: file('stranger.cert.pem'), keyFile: file('stranger.key.pem') };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-secured-'));
  await chmod(folder, 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('gRPC between services', () => {
  let cluster: TestCluster;
  let ids: Record<string, number>;
  beforeAll(async () => {
    const env = { RPC_CA_FILE: ours.caFile, RPC_CERT_FILE: ours.certFile, RPC_KEY_FILE: ours.keyFile };
    cluster = await TestCluster.start({ env, file_server: 1 });
    ids = await cluster.addUsers(['a', 'b']);
  });
  afterAll(() => cluster?.stop());

  const ask = async (tls: ConstructorParameters<typeof ReplicaPool>[0]) => {
    const pool = new ReplicaPool(tls);
    pool.add({ instance: 1, address: `127.0.0.1:${cluster.port('db_proxy_server', 0, 'grpc')}` });
    try {
      return await pool.call(accounts.listUsers, {}, 3000);
    } finally {
      pool.close();
    }
  };

  it('carries messages by mutual TLS', async () => {
    const a = await cluster.connect('a');
    const b = await cluster.connect('b');
    const texts: string[] = [];
    b.on('message', ({ text }) => texts.push(text ?? ''));
    await a.send({ user: ids.b ?? 0 }, 'under seal');
    await waitUntil(() => texts.length > 0, { what: 'the message delivered' });
    expect(texts).toEqual(['under seal']);
  });

  it('lets file_server make and keep the tasks of transfers', async () => {
    const a = await cluster.connect('a');
    const sent = await sendFile(a, ids.b ?? 0, new GeneratedFile('sealed.bin', 100_000), { offline: true });
    const b = await cluster.connect('b');
    expect((await offlineFiles(b)).map(({ taskId }) => taskId)).toEqual([sent.taskId]);
  });

  it('answers those who show a certificate of ours', async () => {
    const { users } = await ask({ ...ours, serverName: 'db-proxy-server' });
    expect(users).toHaveLength(2);
  });

  it('does not answer those without, with a stranger’s, or who expect another server', async () => {
    await expect(ask(undefined)).rejects.toMatchObject({
      code: expect.stringMatching(/unavailable|deadline/),
    });
    await expect(ask({ ...ours, ...strangers, serverName: 'db-proxy-server' })).rejects.toThrow();
    await expect(ask({ ...ours, serverName: 'another' })).rejects.toThrow();
  });
});

describe('NATS', () => {
  let server: NatsServer;
  beforeAll(async () => {
    const tls = `tls { cert_file: "${ours.certFile}", key_file: "${ours.keyFile}", ca_file: "${ours.caFile}", verify: true }`;
    const users = 'authorization { user: teamtalk, password: secret }';
    const logFile = path.join(folder, 'nats.log');
    server = await NatsServer.start({
      dir: path.join(folder, 'nats'),
      port: 0,
      logFile,
      settings: [tls, users],
    });
  });
  afterAll(() => server?.stop());

  const connect = (identity: Partial<Parameters<typeof Bus.connect>[0]>) =>
    Bus.connect({
      url: `tls://127.0.0.1:${server.port}`,
      prefix: 'test',
      name: 'test',
      log: createLogger({ service: 'test', instance: 0, level: 'silent' }),
      metrics: new Metrics('test'),
      ...identity,
    });

  it('is reached with a certificate and a password', async () => {
    const bus = await connect({ tls: ours, user: 'teamtalk', password: 'secret' });
    expect(bus.connected).toBe(true);
    await bus.drain();
  });

  it('is not reached with a wrong password, or when somebody else signed its certificate', async () => {
    const unavailable = { code: 'unavailable' };
    await expect(connect({ tls: ours, user: 'teamtalk', password: 'wrong' })).rejects.toMatchObject(
      unavailable,
    );
    const otherCa = { ...ours, caFile: file('other-ca.cert.pem') };
    await expect(connect({ tls: otherCa, user: 'teamtalk', password: 'secret' })).rejects.toMatchObject(
      unavailable,
    );
  });
});

describe('PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    const dataDir = path.join(folder, 'postgres');
    server = await PostgresServer.start({
      dataDir,
      port: 0,
      logFile: path.join(folder, 'pg.log'),
      durable: false,
    });
    const { uid, gid } = await stat(path.join(dataDir, 'PG_VERSION'));
    for (const name of ['service.cert.pem', 'service.key.pem']) {
      await copyFile(file(name), path.join(dataDir, name));
      await chown(path.join(dataDir, name), uid, gid);
      await chmod(path.join(dataDir, name), 0o600);
    }
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await client.query("ALTER SYSTEM SET ssl_cert_file = 'service.cert.pem'");
    await client.query("ALTER SYSTEM SET ssl_key_file = 'service.key.pem'");
    await client.query("ALTER SYSTEM SET ssl = 'on'");
    await client.query('SELECT pg_reload_conf()');
    await client.end();
  });
  afterAll(() => server?.stop());

  const open = (ca: string) => openDataSource(`${server.url}?sslmode=verify-full&sslrootcert=${file(ca)}`);

  it('is spoken to by TLS when the URL says so', async () => {
    const source = await open('ca.cert.pem');
    const rows = await source.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    expect(rows).toEqual([{ ssl: true }]);
    await source.destroy();
  });

  it('is refused when somebody else signed its certificate', async () => {
    await expect(open('other-ca.cert.pem')).rejects.toMatchObject({ code: 'unavailable' });
  });
});
