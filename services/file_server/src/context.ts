import { type BlobStore, openStore } from '@teamtalk/blob-store';
import { type Cluster, topics } from '@teamtalk/bus';
import { connectStore } from '@teamtalk/rpc';
import type { Kit } from '@teamtalk/service-kit';
import type { FileServerConfig } from './config.js';
import { type FileServerMetrics, fileServerMetrics } from './metrics.js';
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

/** Dependencies of the handlers. */
export interface Context {
  readonly kit: Kit;
  readonly config: FileServerConfig;
  readonly metrics: FileServerMetrics;
  readonly tasks: TaskStore;
  readonly sessions: SessionCheck;
  readonly store: BlobStore;
  readonly relays: Relays;
  readonly uploads: Uploads;
  readonly announcements: Announcements;
  readonly awaitedUploads: AwaitedUploads;
  /** Publishes to all file_servers that an upload is complete or its task has ended. */
  taskEnded(taskId: string): void;
  /** read-ahead budget of all downloads */
  readonly readAhead: ReadAhead;
}

export async function createContext(config: FileServerConfig, kit: Kit, cluster: Cluster): Promise<Context> {
  const { life } = kit;
  const { bus } = cluster;
  const metrics = fileServerMetrics(kit.metrics);
  const { pool, dbProxies } = connectStore(kit, cluster, config.rpcTls);
  const store = await openStore(config.storage, kit);
  const tasks = new TaskStore(pool, config.tasks);
  life.onStop('removal of old files', startExpiry({ tasks, store, metrics }, kit, config.tasks.sweepMs));
  const sessions = new SessionCheck(bus, config.loginCheck);
  const relays = new Relays(config, tasks, metrics, kit);
  life.onStop('relays', () => relays.stop());
  const uploads = new Uploads();
  life.onStop('unfinished uploads', () => uploads.leaveAll());
  const fileServers = cluster.follow('file_server');
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
  return {
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
}
