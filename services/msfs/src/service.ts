import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { makeProcessFolder, openStore } from '@teamtalk/blob-store';
import { Bus, HeartbeatPublisher } from '@teamtalk/bus';
import {
  formatInstance,
  type Kit,
  type Service,
  type StartOptions,
  startService,
} from '@teamtalk/service-kit';
import { createApp } from './app.js';
import type { MsfsConfig } from './config.js';
import { startHttpListener } from './http/http-listener.js';
import { InFlightBudget } from './http/in-flight-budget.js';
import { ImageCache } from './images/image-cache.js';
import { ThumbnailFolder } from './images/thumbnail-folder.js';
import { Thumbnails } from './images/thumbnails.js';
import { UploadSlots } from './upload/upload-slots.js';
import { uploadCheck } from './upload/upload-tokens.js';

/** Minimum in-flight budget, even without a cache, bytes. */
const minInFlight = 16 * 1024 * 1024;
/** Grace after the request timeout within which any upload must be over. */
const marginMs = 10_000;

/** Starts an msfs, which stores images uploaded by HTTP and serves them in any size. Ports: `http`, `ops`. */
export function startMsfs(config: MsfsConfig, options: StartOptions = {}): Promise<Service> {
  return startService('msfs', config, options, start);
}

async function start(config: MsfsConfig, kit: Kit): Promise<Record<string, number>> {
  const { health, instance, life, log, metrics, service, tracing } = kit;
  const name = `${service} ${formatInstance(instance)}`;
  const bus = await kit.untilAvailable('nats', () =>
    Bus.connect({ ...config.nats, name, log, metrics, tracing }),
  );
  life.onStop('NATS', () => bus.drain());
  health.addCheck('nats', () => bus.connected);

  const store = await openStore(config.storage, kit);
  const images = new ImageCache(store, config.imageCacheBytes);
  metrics.gauge('image_cache_bytes', 'Images in memory', () => images.size);
  const thumbnailFolder = config.thumbnails.folder ?? (await temporaryFolder(kit));
  const thumbnails = new Thumbnails({
    originals: images,
    store,
    folder: await ThumbnailFolder.open(thumbnailFolder, config.thumbnails.cacheBytes, log),
    memoryBytes: Math.floor(config.imageCacheBytes / 2),
    config: config.thumbnails,
    metrics,
  });
  const inFlight = new InFlightBudget(Math.max(config.imageCacheBytes, minInFlight));
  metrics.gauge(
    'image_bytes_under_way',
    'Bytes of images sent from memory that clients have not read',
    () => inFlight.bytes,
  );
  const { requestMs, idleMs } = config.timeouts;
  const uploads = new UploadSlots(config.limits.uploads, requestMs + idleMs + marginMs);
  metrics.gauge('uploads_in_progress', 'Uploads in progress', () => uploads.taken);
  metrics.gauge(
    'uploads_overdue',
    'Uploads that hold a slot for longer than any upload may take; more than 0 is a fault',
    () => uploads.overdue,
  );
  health.addCheck('uploads', () => uploads.isUsable);
  const app = createApp(kit, {
    log,
    store,
    images,
    thumbnails,
    inFlight,
    uploads,
    mayUpload: uploadCheck(config.uploadTokens),
    uploadOrigins: config.uploadOrigins,
    publicUrl: config.publicUrl,
    limits: config.limits,
  });
  const http = await startHttpListener(kit, config, app);

  const heartbeats = new HeartbeatPublisher(
    bus,
    { instance, service, hostname: hostname(), ops: kit.ops },
    () => ({
      port: http,
      draining: health.draining,
    }),
  );
  life.onStop('heartbeats', () => heartbeats.stop());
  return { http };
}

async function temporaryFolder({ life }: Kit): Promise<string> {
  const folder = await makeProcessFolder('thumbnails');
  life.onStop('thumbnails', () => rm(folder, { recursive: true, force: true }));
  return folder;
}
