import { dbProxyServerQueue, joinCluster, topics } from '@teamtalk/bus';
import { RpcServer } from '@teamtalk/rpc';
import { type Kit, type Service, type StartOptions, startService } from '@teamtalk/service-kit';
import { purgeListChanges } from './accounts/list-changes.js';
import { startPinyin } from './accounts/name-pinyin.js';
import { purgeAuditEvents } from './audit/record-event.js';
import type { DbProxyServerConfig } from './config.js';
import { createContext } from './context.js';
import { Database } from './database/database.js';
import { requireSessions, requireTimeouts } from './database/pooler.js';
import { requireSchema } from './database/schema.js';
import { SchemaWatch } from './database/schema-watch.js';
import { parseDatabaseUrl } from './database/servers.js';
import { untilPostgres } from './database/until-postgres.js';
import { ErasureWorker } from './lifecycle/erasure-worker.js';
import { RetentionWorker } from './lifecycle/retention-worker.js';
import { startMessageStore } from './message-store.js';
import { purgeRetriedMessages } from './messages/append/retried-messages.js';
import { StoreEpoch } from './messages/store-epoch.js';
import { startPurges } from './purge.js';
import { serve } from './rpc.js';
import { recordPresence } from './webhooks/record-presence.js';

/**
 * Starts a db_proxy_server: the only service that touches PostgreSQL. Ports: `grpc`, `ops`.
 * @throws TeamTalkError `unavailable` when PostgreSQL or NATS does not answer, or the database's schema is not compatible
 */
export function startDbProxyServer(
  config: DbProxyServerConfig,
  options: StartOptions = {},
): Promise<Service> {
  return startService('db_proxy_server', config, options, start);
}

async function start(config: DbProxyServerConfig, kit: Kit): Promise<Record<string, number>> {
  const { health, life } = kit;
  const { database, schema, epoch } = await openDatabase(config, kit);
  const cluster = await joinCluster(kit, config.nats);
  const context = await createContext(config, database, kit);
  const {
    apiAnswers,
    apps,
    broadcastOrders,
    broadcasts,
    consoleSessions,
    dissolvedGroups,
    logins,
    proofKey,
    pushJobs,
    sourceNetworks,
    userImports,
    webhookEvents,
  } = context;
  await proofKey.join(cluster.bus);
  const retention = new RetentionWorker(database, kit);
  life.onStop('retention', () => retention.stop());
  const erasure = new ErasureWorker(database, kit, config.erasedText);
  life.onStop('erasure', () => erasure.stop());
  const questions = [retention.question, erasure.question];
  const store = await startMessageStore(config, cluster, epoch, kit, broadcastOrders, questions);

  const purges = {
    'login failures': () => logins.purgeFailures(),
    'login places': () => sourceNetworks.purge(),
    'console sessions': () => consoleSessions.purge(),
    answers: () => apiAnswers.purge(),
    nonces: () => apps.purgeNonces(),
    broadcasts: () => broadcasts.purge(),
    'broadcast orders': () => broadcastOrders.purge(),
    'webhook events': () => webhookEvents.purge(),
    pushes: () => pushJobs.purge(),
    'user imports': () => userImports.purge(),
    'dissolved groups': () => dissolvedGroups.purge(),
    'retried messages': purgeRetriedMessages(database, store.horizon),
    'list changes': purgeListChanges(database),
    'audit events': purgeAuditEvents(database, config.auditDays),
  };
  life.onStop('purges', startPurges(purges, kit));
  life.onStop('pinyin', startPinyin(database, kit));

  cluster.bus.subscribe(topics.statusChanges, recordPresence(context), { queue: dbProxyServerQueue });
  const server = new RpcServer(kit);
  serve(server, context, store, cluster.bus);
  const grpc = await server.listen(config.grpc, config.rpcTls, config.rpcCallers);

  // Subscribe before the first heartbeat: logins wait for this instance from then on.
  await cluster.bus.flush();
  const rpcAddress = config.advertiseAddress ?? `127.0.0.1:${grpc}`;
  cluster.register(() => ({
    rpcAddress,
    directDelivery: config.directDelivery,
    draining: health.draining || !database.up || !schema.fits,
  }));
  if (store.direct) {
    const { presence } = store.direct;
    life.onStop('direct delivery', () => presence.stop());
    void presence.begin();
  }
  return { grpc };
}

/** Waits until PostgreSQL is up and its schema fits. */
async function openDatabase(config: Pick<DbProxyServerConfig, 'database'>, kit: Kit) {
  const { health, life, log } = kit;
  const database = await kit.untilAvailable('postgres', () => Database.open(config.database, kit));
  life.onStop('PostgreSQL', () => database.close());
  health.addCheck('postgres', () => database.up);
  await untilPostgres(kit, async () => {
    if (await requireSessions(database.pool)) await requireTimeouts(database.pool);
  });
  const newer = await untilPostgres(kit, () => requireSchema(database.dataSource), 'schema');
  if (newer.length > 0) log.info({ newer }, 'schema is newer than this version, and compatible');
  const schema = new SchemaWatch(database.dataSource, log);
  life.onStop('watch of the schema', () => schema.stop());
  health.addCheck('schema', () => schema.fits);

  const epoch = new StoreEpoch(kit, parseDatabaseUrl(config.database.url).urls.length > 1);
  await untilPostgres(kit, () => epoch.guard(database.pool));
  database.probeBy(() => epoch.check(database.pool));
  return { database, schema, epoch };
}
