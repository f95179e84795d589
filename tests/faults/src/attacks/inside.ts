import { fileURLToPath } from 'node:url';
import { Bus, topics } from '@teamtalk/bus';
import { asService, type TestCluster } from '@teamtalk/cluster';
import { type RawConnection, waitUntil } from '@teamtalk/local-stack';
import { Commands, encodePdu } from '@teamtalk/protocol';
import { accounts, ReplicaPool } from '@teamtalk/rpc';
import { createLogger, Metrics } from '@teamtalk/service-kit';
import pg from 'pg';
import type { Attack } from './attack.js';

/** How long what was refused is waited for, milliseconds. */
const patienceMs = 3_000;

const certificate = (name: string) =>
  fileURLToPath(new URL(`../../../../libs/rpc/fixtures/callers/${name}.pem`, import.meta.url));
const tlsOf = (name: string) => ({
  caFile: certificate('ca.cert'),
  certFile: certificate(`${name}.cert`),
  keyFile: certificate(`${name}.key`),
  serverName: 'db-proxy-server',
});
const rpcEnv = (name: string) => {
  const { caFile, certFile, keyFile } = tlsOf(name);
  return { RPC_CA_FILE: caFile, RPC_CERT_FILE: certFile, RPC_KEY_FILE: keyFile };
};

/** With the credentials that msfs has at NATS; those of the version before are everybody's. */
function busOfMsfs(cluster: TestCluster): Promise<Bus> {
  const { url, prefix, servicePassword } = cluster.nats;
  return Bus.connect({
    url,
    prefix,
    ...(servicePassword && cluster.checkout === undefined && { user: 'msfs', password: servicePassword }),
    member: 'msfs',
    name: 'attack',
    log: createLogger({ service: 'attack', instance: 0, level: 'silent' }),
    metrics: new Metrics('attack'),
  });
}

/** Whether it happens while the attack is watched. */
async function happens(event: Promise<unknown>): Promise<string> {
  let done = false;
  event.then(
    () => {
      done = true;
    },
    () => {},
  );
  const end = performance.now() + patienceMs;
  await waitUntil(() => done || performance.now() > end, { what: 'the attack', timeoutMs: patienceMs * 2 });
  return done ? 'done' : 'refused';
}

async function receivesForgedMessage(bus: Bus, bob: RawConnection, bobId: number, aliceId: number) {
  const received = bob.receive(Commands.MsgData, undefined, patienceMs);
  const pdu = encodePdu(
    Commands.MsgData,
    {
      fromUserId: aliceId,
      toSessionId: bobId,
      msgId: 7,
      createTime: 1,
      msgType: 1,
      msgData: Buffer.from('forged'),
    },
    0,
  );
  bus.publish(topics.notifyUsers, { userIds: [bobId], pdu });
  return happens(received);
}

async function isHandedOut(bus: Bus, cluster: TestCluster): Promise<string> {
  if (cluster.count('login_server') === 0) return 'no login_server';
  const lie = {
    instance: 66,
    service: 'msg_server',
    hostname: 'attacker',
    ip1: '6.6.6.6',
    ip2: '6.6.6.6',
    port: 6666,
    maxConnections: 1_000_000,
  };
  const found = async () => {
    for (const topic of [topics.heartbeat('msg_server'), topics.sharedHeartbeat]) bus.publish(topic, lie);
    const response = await fetch(`${cluster.url('login_server')}/msg_server`);
    return (await response.text()).includes('6.6.6.6');
  };
  return happens(waitUntil(found, { what: 'the false msg_server', timeoutMs: patienceMs }));
}

/** Attacks by whoever has taken over one service, and so has its credentials. */
export const inside: readonly Attack[] = [
  {
    name: 'msfs-at-nats',
    what: 'service: a message from alice, the end of bob’s connection, and a false msg_server, with what msfs has at NATS (row 7)',
    full: 1,
    small: 1,
    envOf: () => ({}),
    run: async (cluster) => {
      const ids = await cluster.addUsers(['alice', 'bob']);
      const bob = await cluster.logInRaw('bob');
      const bus = await busOfMsfs(cluster);
      try {
        const message = await receivesForgedMessage(bus, bob, ids.bob, ids.alice);
        const handedOut = await isHandedOut(bus, cluster);
        const kicking = bus.request(
          topics.kickUser,
          { userId: ids.bob, clientClass: 0, reason: 1 },
          patienceMs,
        );
        kicking.catch(() => {});
        return { message, 'false msg_server': handedOut, kick: await happens(bob.closed) };
      } finally {
        bob.close();
        await bus.drain();
      }
    },
  },
  {
    name: 'database-role',
    what: 'db_proxy_server’s role of PostgreSQL: a program on its machine, other tables, a rewritten audit (row 10)',
    full: 1,
    small: 1,
    envOf: () => ({}),
    run: async (cluster) => {
      const { url } = cluster.database;
      const client = new pg.Client({
        connectionString: cluster.checkout === undefined ? asService(url) : url,
      });
      await client.connect();
      const attempts = {
        'run a program': `COPY (SELECT 1) TO PROGRAM 'true'`,
        'drop the messages': 'DROP TABLE message CASCADE',
        'make a role': 'CREATE ROLE attacker SUPERUSER',
        'change the schema': 'ALTER TABLE im_user ADD COLUMN attacker int',
        'rewrite the audit': `ALTER TABLE audit_event DISABLE TRIGGER ALL; UPDATE audit_event SET actor = 'nobody'`,
        'cut off the audit': 'UPDATE audit_head SET id = 0',
      };
      const figures: Record<string, string> = {};
      try {
        for (const [name, statement] of Object.entries(attempts)) {
          await client.query('BEGIN');
          figures[name] = await client.query(statement).then(
            () => 'done',
            (error: { code?: string }) => (error.code === '42501' ? 'refused' : `failed (${error.code})`),
          );
          await client.query('ROLLBACK');
        }
      } finally {
        await client.end();
      }
      return figures;
    },
  },
  {
    name: 'file-server-at-grpc',
    what: 'service: everybody’s data from db_proxy_server with file_server’s certificate (row 7)',
    full: 1,
    small: 1,
    envOf: () => ({
      db_proxy_server: rpcEnv('db-proxy-server'),
      msg_server: rpcEnv('msg-server'),
      http_msg_server: rpcEnv('http-msg-server'),
      file_server: rpcEnv('file-server'),
    }),
    run: async (cluster) => {
      const pool = new ReplicaPool(tlsOf('file-server'));
      pool.add({ instance: 1, address: `127.0.0.1:${cluster.port('db_proxy_server', 0, 'grpc')}` });
      try {
        const reading = pool.call(accounts.listUsers, {}, patienceMs);
        const looking = pool.call(accounts.getUsers, { userIds: [1] }, patienceMs);
        const outcome = (call: Promise<unknown>) =>
          call.then(
            () => 'done',
            (error: { code?: string }) =>
              error.code === 'not-permitted' ? 'refused' : `failed (${error.code})`,
          );
        return { 'list users': await outcome(reading), 'read users': await outcome(looking) };
      } finally {
        pool.close();
      }
    },
  },
];
