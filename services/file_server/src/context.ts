import type { BlobStore } from '@teamtalk/blob-store';
import type { Kit } from '@teamtalk/service-kit';
import type { FileServerConfig } from './config.js';
import type { FileServerMetrics } from './metrics.js';
import type { SessionCheck } from './tasks/session-check.js';
import type { TaskStore } from './tasks/task-store.js';
import type { ReadAhead } from './transfers/read-ahead.js';
import type { Relays } from './transfers/relays.js';
import type { Uploads } from './transfers/uploads.js';

/** What handlers may use. */
export interface Context {
  readonly kit: Kit;
  readonly config: FileServerConfig;
  readonly metrics: FileServerMetrics;
  readonly tasks: TaskStore;
  readonly sessions: SessionCheck;
  readonly store: BlobStore;
  readonly relays: Relays;
  readonly uploads: Uploads;
  /** of downloads */
  readonly readAhead: ReadAhead;
}
