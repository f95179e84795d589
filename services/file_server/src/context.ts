import type { BlobStore } from '@teamtalk/blob-store';
import type { Kit } from '@teamtalk/service-kit';
import type { FileServerConfig } from './config.js';
import type { FileServerMetrics } from './metrics.js';
import type { Announcements } from './tasks/announcements.js';
import type { SessionCheck } from './tasks/session-check.js';
import type { TaskStore } from './tasks/task-store.js';
import type { AwaitedUploads } from './transfers/awaited-uploads.js';
import type { ReadAhead } from './transfers/read-ahead.js';
import type { Relays } from './transfers/relays.js';
import type { Uploads } from './transfers/uploads.js';

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
