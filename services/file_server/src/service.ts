import { hostname } from 'node:os';
import { openStore } from '@teamtalk/blob-store';
import { Bus, fileServerQueue, HeartbeatPublisher, Registry, topics } from '@teamtalk/bus';
import { openCertificate } from '@teamtalk/net';
import { ReplicaPool, syncPool } from '@teamtalk/rpc';
import {
  formatInstance,
  type Kit,
  type Service,
  type StartOptions,
  startService,
} from '@teamtalk/service-kit';
import type { FileServerConfig } from './config.js';
import { ClientListener } from './connection/client-listener.js';
import type { Context } from './context.js';
import { createTask } from './handlers/create-task.js';
import { dispatcher } from './handlers/index.js';
import { fileServerMetrics } from './metrics.js';
import { Announcements } from './tasks/announcements.js';
import { startExpiry } from './tasks/expiry.js';
import { SessionCheck } from './tasks/session-check.js';
import { TaskStore } from './tasks/task-store.js';
import { AwaitedUploads } from './transfers/awaited-uploads.js';
import { ReadAhead } from './transfers/read-ahead.js';
import { Relays } from './transfers/relays.js';
import { Uploads } from './transfers/uploads.js';

/** How long the start waits for a db_proxy_server before clients are accepted, milliseconds. */
const findMs = 3_000;
/** Maximum interval between checks for uploads to announce, milliseconds. */
const heartbeatMs = 5_000;
/** Read-ahead budget of all downloads together; beyond it each reads a block at a time. */
const readAheadBytes = 64 * 1024 * 1024;

/**
 * Starts a file_server, which transfers files between users, directly or through the store. Tasks are in the
 * db_proxy_servers and files in a store shared by all replicas, so that any replica serves any of them.
 * Ports: `client`, `ops`.
 * @throws Error when NATS does not answer, or the store or the certificate cannot be opened
 */
export function startFileServer(config: FileServerConfig, options: StartOptions = {}): Promise<Service> {
  return startService('file_server', config, options, start);
}

async function start(config: FileServerConfig, kit: Kit): Promise<Record<string, number>> {
  const { health, instance, life, log, service, tracing } = kit;
  const name = `${service} ${formatInstance(instance)}`;
  const metrics = fileServerMetrics(kit.metrics);
  const pool = new ReplicaPool(config.rpcTls, tracing);
  life.onStop('gRPC', () => pool.close());
  const bus = await kit.untilAvailable('nats', () =>
    Bus.connect({ ...config.nats, name, log, metrics: kit.metrics, tracing }),
  );
  life.onStop('NATS', () => bus.drain());
  const dbProxies = new Registry(bus, log, 'db_proxy_server', syncPool(pool));
  life.onStop('registry', () => dbProxies.stop());
  health.addCheck('nats', () => bus.connected);
  health.addCheck('db_proxy_server', () => dbProxies.all().length > 0);

  const store = await openStore(config.storage, kit);
  const tasks = new TaskStore(pool, config.tasks);
  life.onStop('removal of old files', startExpiry({ tasks, store, metrics }, kit, config.tasks.sweepMs));
  const sessions = new SessionCheck(bus, config.loginCheck);
  const relays = new Relays(config, tasks, metrics, kit);
  life.onStop('relays', () => relays.stop());
  const uploads = new Uploads();
  life.onStop('unfinished uploads', () => uploads.leaveAll());
  const fileServers = new Registry(bus, log, 'file_server');
  life.onStop('registry of file_servers', () => fileServers.stop());
  const everyMs = Math.min(config.tasks.sweepMs, heartbeatMs);
  const announcements = new Announcements({ bus, tasks, fileServers, metrics, everyMs }, kit);
  life.onStop('announcements of uploads', () => announcements.stop());
  const awaitedUploads = new AwaitedUploads(tasks, kit);
  const ended = bus.subscribe(topics.fileTaskEnded, ({ taskId }) => awaitedUploads.changed(taskId));
  life.onStop('ended tasks', () => ended.unsubscribe());
  const taskEnded = (taskId: string) => bus.publish(topics.fileTaskEnded, { taskId });
  kit.metrics.gauge('awaited_uploads', 'Downloads waiting for their upload', () => awaitedUploads.size);
  kit.metrics.gauge('relays', 'Online transfers with a connected client', () => relays.size);
  const readAhead = new ReadAhead(readAheadBytes);
  await dbProxies.waitFor(1, findMs);

  const context: Context = {
    kit,
    config,
    metrics,
    tasks,
    sessions,
    store,
    relays,
    uploads,
    announcements,
    awaitedUploads,
    taskEnded,
    readAhead,
  };
  const certificate = await openCertificate(config.tls, kit, metrics);
  const listener = new ClientListener({ config, certificate, metrics, log, handle: dispatcher(context) });
  life.onStop('clients', () => listener.stop());
  kit.metrics.gauge('connections', 'Open connections', () => listener.size);
  const client = await listener.listen();

  const address = { ip: config.advertise.ip, port: config.advertise.port || client };
  const requests = bus.answer(topics.fileTask, createTask(context, address), { queue: fileServerQueue });
  life.onStop('tasks', () => requests.unsubscribe());

  const heartbeats = new HeartbeatPublisher(
    bus,
    { instance, service, hostname: hostname(), ops: kit.ops },
    () => ({
      ip1: address.ip,
      port: address.port,
      draining: health.draining,
    }),
  );
  life.onStop('heartbeats', () => heartbeats.stop());
  // Register only now that requests for tasks have a subscriber.
  await bus.flush();
  return { client };
}
