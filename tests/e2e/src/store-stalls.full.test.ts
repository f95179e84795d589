import { TestCluster } from '@teamtalk/cluster';
import { FaultProxy, openInfrastructure, waitUntil } from '@teamtalk/local-stack';
import { Commands } from '@teamtalk/protocol';
import pg from 'pg';
import { afterEach, expect, it } from 'vitest';
import { recordPdus } from './record-pdus.js';

/** Longer than a msg_server waits for a missing message, milliseconds. */
const stallMs = 6_000;

/** Class of the advisory locks by which db_proxy_servers show that they live. */
const ownerLockClass = 0x7474;

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** Starts two processes of each service with a proxy to PostgreSQL, and a database session that bypasses the proxy. */
async function start() {
  const infrastructure = openInfrastructure();
  if (!infrastructure) throw new Error('there is no test infrastructure here');
  const database = await infrastructure.database();
  const url = new URL(database.url);
  const target = { host: url.hostname, port: Number(url.port) };
  const link = await FaultProxy.start(() => [target]);
  cleanUps.push(() => link.close());
  url.port = String(link.port);
  const cluster = await TestCluster.start({
    mode: 'processes',
    msg_server: 2,
    route_server: 2,
    db_proxy_server: 2,
    infrastructure: {
      nats: () => infrastructure.nats(),
      database: async () => ({ ...database, url: url.toString() }),
      close: async () => {},
    },
  });
  cleanUps.push(() => cluster.stop());
  const direct = new pg.Client({ connectionString: database.url });
  await direct.connect();
  cleanUps.push(() => direct.end());
  return { cluster, link, direct };
}

it('a message is delivered although its db_proxy_server dies and PostgreSQL then stalls', {
  timeout: 120_000,
}, async () => {
  const { cluster, link, direct } = await start();
  const ids = await cluster.addUsers(['ann', 'ben']);
  const ann = await cluster.connect('ann', { server: 0 });
  const ben = await cluster.connect('ben', { server: 1 });
  const got = recordPdus(ben, Commands.MsgData);
  await ann.send({ user: ids.ben }, 'before');
  await cluster.settle();
  expect(got).toHaveLength(1);
  const stored = await Promise.all(
    [0, 1].map((k) => cluster.metric('db_proxy_server', k, 'messages_stored_total')),
  );
  const owner = stored.indexOf(1);

  // The statement waits in PostgreSQL and survives the process that sent it.
  const waiting = (count: number) =>
    waitUntil(
      async () => {
        const [row] = await cluster.sql<{ n: number }>(
          `SELECT count(*)::int AS n FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%append_messages%'`,
        );
        return row?.n === count;
      },
      { what: `${count} statements wait` },
    );
  await direct.query('BEGIN');
  await direct.query('SELECT FROM conversation FOR UPDATE');
  const first = ann.send({ user: ids.ben }, 'first');
  await waiting(1);
  await cluster.kill('db_proxy_server', owner);
  await waiting(2);
  // Simulates a live owner, so that the reclaimer leaves the row alone until PostgreSQL stalls, however slow the machine is.
  const { instance } = cluster.node('db_proxy_server', owner);
  await direct.query('SELECT pg_advisory_lock($1, $2)', [ownerLockClass, instance | 0]);
  await direct.query('COMMIT');
  expect((await first).msgId, 'the other replica has found it').toBe(2);
  expect((await ann.send({ user: ids.ben }, 'second')).msgId).toBe(3);
  link.block();
  const begun = performance.now();
  try {
    await direct.query('SELECT pg_advisory_unlock_all()');
    // Otherwise the reclaimer was faster, and the test proved nothing.
    expect(got).toHaveLength(1);
    await waitUntil(() => performance.now() - begun > stallMs, { what: 'the stall', timeoutMs: 2 * stallMs });
    expect(got).toHaveLength(1);
  } finally {
    link.restore();
  }
  await waitUntil(() => got.length === 3, { what: 'all messages', timeoutMs: 20_000 });
  expect(got.map(({ msgId }) => msgId)).toEqual([1, 2, 3]);
});
