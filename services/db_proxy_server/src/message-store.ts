import type { Cluster } from '@teamtalk/bus';
import type { Kit } from '@teamtalk/service-kit';
import pg from 'pg';
import type { BroadcastOrders } from './broadcasts/broadcast-orders.js';
import { BroadcastWorker } from './broadcasts/broadcast-worker.js';
import type { DbProxyServerConfig } from './config.js';
import { connectionName } from './database/running-programs.js';
import { Servers } from './database/servers.js';
import { type Question, SharedPoll } from './database/shared-poll.js';
import { untilPostgres } from './database/until-postgres.js';
import { Horizon } from './messages/append/horizon.js';
import { MessageWriter } from './messages/append/message-writer.js';
import { ReadMarkWriter } from './messages/append/read-marker.js';
import { DeliveryStreams } from './messages/delivery-streams.js';
import { GroupMembers } from './messages/group-members.js';
import { OwnerLock } from './messages/outbox/owner-lock.js';
import { OutboxPublisher } from './messages/outbox/publisher.js';
import { OutboxReclaimer } from './messages/outbox/reclaimer.js';
import type { StoreEpoch } from './messages/store-epoch.js';
import { PresenceFollower } from './presence/presence-follower.js';
import { PushMarks } from './push/push-marks.js';
import { BotMessages } from './webhooks/bot-messages.js';

/** Statement timeout of the message store, milliseconds; less than its callers' timeouts. */
const statementMs = 2_500;
/** Connections besides those of the partitions: read marks, reclaimer, delivered rows, broadcasts, shared poll. */
const otherConnections = 5;

/** Longest wait at shutdown for route_server replies to batches in flight, milliseconds. */
const settleMs = 5_000;

export interface MessageStore {
  readonly writer: MessageWriter;
  readonly horizon: Horizon;
  readonly readMarks: ReadMarkWriter;
  readonly broadcasts: BroadcastWorker;
  /** of direct delivery; undefined: it is off */
  readonly direct: { readonly presence: PresenceFollower; readonly streams: DeliveryStreams } | undefined;
}

/**
 * Starts the writers of messages and read positions, and the publisher of stored messages. Shutdown is registered in the
 * kit's lifecycle: waiting entries are stored, stored ones delivered or left to the other replicas.
 * @param orders broadcasts ordered in the console, which start when they are due
 * @param more further questions to ask once a second
 */
export async function startMessageStore(
  {
    commitPartitions,
    commitSpacingMs,
    database: { url },
    directDelivery,
  }: Pick<DbProxyServerConfig, 'commitPartitions' | 'commitSpacingMs' | 'database' | 'directDelivery'>,
  cluster: Cluster,
  epoch: StoreEpoch,
  kit: Kit,
  orders: Pick<BroadcastOrders, 'beginDue'>,
  more: readonly Question[],
): Promise<MessageStore> {
  const { life, log } = kit;
  const { bus } = cluster;
  const routeServers = cluster.follow('route_server');

  // A pool of its own, so that storing never waits for a connection held by readers.
  const servers = new Servers(url);
  const pool = new pg.Pool({
    ...servers.options,
    application_name: connectionName('store'),
    max: commitPartitions + otherConnections,
    // Kept open, so that the first messages after an idle time do not wait for a connection.
    min: commitPartitions,
    connectionTimeoutMillis: statementMs,
    statement_timeout: statementMs,
    query_timeout: statementMs + 500,
    keepAlive: true,
  });
  pool.on('error', (error) => log.warn({ err: error }, 'idle message store connection broke'));
  life.onStop('connections of the store', () => pool.end());
  await untilPostgres(kit, () => epoch.guard(pool));

  const ownerLock = new OwnerLock(servers, kit);
  await untilPostgres(kit, () => ownerLock.start());
  life.onStop('outbox owner lock', () => ownerLock.stop());

  const bots = new BotMessages(pool, kit);
  const push = new PushMarks();
  const members = new GroupMembers(pool, kit);
  const streams = new DeliveryStreams();
  const direct = directDelivery
    ? { presence: new PresenceFollower(cluster, kit, (node) => streams.get(node)?.evict()), streams }
    : undefined;
  const publisher = new OutboxPublisher({ kit, bus, pool, routeServers, members, bots, epoch, direct });
  life.onStop('outbox publisher', () => publisher.stop(settleMs));

  const reclaimer = new OutboxReclaimer({
    kit,
    pool,
    publisher,
    canDeliver: () => bus.responsive && routeServers.all().length > 0,
  });
  life.onStop('outbox sweeper', () => reclaimer.stop());

  const horizon = new Horizon();
  const writer = new MessageWriter({
    kit,
    pool,
    partitions: commitPartitions,
    spacingMs: commitSpacingMs,
    publisher,
    epoch,
    push,
  });
  life.onStop('message writer', () => writer.settle());
  const readMarks = new ReadMarkWriter(pool, kit, commitSpacingMs, push);
  life.onStop('read marks', () => readMarks.settle());
  const broadcasts = new BroadcastWorker({ kit, pool, publisher, push, orders });
  life.onStop('broadcasts', () => broadcasts.stop());
  epoch.onChange(() => {
    publisher.forget();
    members.clear();
    writer.renewWriterEpoch();
    broadcasts.renewWriterEpoch();
  });
  const questions = [...[horizon, push, bots, broadcasts].map(({ question }) => question), ...more];
  const poll = new SharedPoll(pool, kit, questions);
  await poll.start();
  life.onStop('shared poll', () => poll.stop());
  return { writer, horizon, readMarks, broadcasts, direct };
}
