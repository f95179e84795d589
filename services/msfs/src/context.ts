import { rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type BlobStore, makeProcessFolder, openStore } from '@teamtalk/blob-store';
import type { Cluster } from '@teamtalk/bus';
import { AddressLimit, clientAddress, type Origins } from '@teamtalk/net';
import type { Kit, Logger } from '@teamtalk/service-kit';
import type { MsfsConfig } from './config.js';
import { InFlightBudget } from './http/in-flight-budget.js';
import { ImageCache } from './images/image-cache.js';
import { ThumbnailFolder } from './images/thumbnail-folder.js';
import { Thumbnails } from './images/thumbnails.js';
import { UploadPermits } from './upload/upload-permits.js';
import { UploadSlots } from './upload/upload-slots.js';
import { UploaderLookup } from './upload/uploaders.js';

/** Minimum in-flight budget, even without a cache, bytes. */
const minInFlight = 16 * 1024 * 1024;
/** Grace after the request timeout within which any upload must be over. */
const marginMs = 10_000;

/** Dependencies of the handlers. */
export interface Context {
  log: Logger;
  store: BlobStore;
  images: ImageCache;
  thumbnails: Thumbnails;
  /** False when the client's address has too many uploads already. */
  mayUploadMore: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** False when too many thumbnails are being made for the client's address already. */
  mayMakeThumbnail: (request: IncomingMessage, response: ServerResponse) => boolean;
  inFlight: InFlightBudget;
  uploads: UploadSlots;
  permits: UploadPermits;
  /** whose web pages may upload */
  uploadOrigins: Origins;
  /** without a trailing slash; undefined: the Host of the upload */
  publicUrl: string | undefined;
  limits: {
    uploadBytes: number;
    /** Least bytes a second of an upload, measured each `rateMs` milliseconds; 0: any. */
    uploadRate: number;
    rateMs: number;
  };
}

export async function createContext(config: MsfsConfig, kit: Kit, cluster: Cluster): Promise<Context> {
  const { clientLog, health, log, metrics } = kit;
  const store = await openStore(config.storage, kit);
  const images = new ImageCache(store, config.imageCacheBytes);
  metrics.gauge('image_cache_bytes', 'Size of the images in memory', () => images.size);
  const thumbnailFolder = config.thumbnails.folder ?? (await temporaryFolder(kit));
  const thumbnails = new Thumbnails({
    originals: images,
    store,
    folder: await ThumbnailFolder.open(thumbnailFolder, config.thumbnails.cacheBytes, log),
    memoryBytes: Math.floor(config.imageCacheBytes / 2),
    config: config.thumbnails,
    metrics,
  });
  const forAddress = new AddressLimit({
    what: 'thumbnails',
    perAddress: 0,
    total: config.thumbnails.maxWaiting,
    exempt: config.addressLimits.exempt,
    refused: metrics.counter(
      'thumbnails_refused_by_address_total',
      'Thumbnails refused because too many were being made for one address',
    ),
    clientLog,
  });
  const uploadsOfAddress = new AddressLimit({
    what: 'uploads',
    perAddress: 0,
    total: config.limits.uploads,
    exempt: config.addressLimits.exempt,
    refused: metrics.counter(
      'uploads_refused_by_address_total',
      'Uploads refused because one address had too many',
    ),
    clientLog,
  });
  const inFlight = new InFlightBudget(Math.max(config.imageCacheBytes, minInFlight));
  metrics.gauge(
    'image_bytes_under_way',
    'Bytes of images being sent from memory that clients have not read yet',
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
  return {
    log,
    store,
    images,
    thumbnails,
    mayUploadMore: (request, response) =>
      uploadsOfAddress.admit(response, clientAddress(request, config.trustedProxies)),
    mayMakeThumbnail: (request, response) =>
      forAddress.admit(response, clientAddress(request, config.trustedProxies)),
    inFlight,
    uploads,
    permits: uploadPermits(config, kit, cluster),
    uploadOrigins: config.uploadOrigins,
    publicUrl: config.publicUrl,
    limits: { ...config.limits, rateMs: Math.max(1, Math.floor(config.timeouts.idleMs / 2)) },
  };
}

function uploadPermits(config: MsfsConfig, kit: Kit, cluster: Cluster): UploadPermits {
  const { bus } = cluster;
  const uploaders = new UploaderLookup({ bus, msgServers: cluster.follow('msg_server'), log: kit.log });
  return new UploadPermits({ kit, bus, uploaders, config, trustedProxies: config.trustedProxies });
}

async function temporaryFolder({ life }: Kit): Promise<string> {
  const folder = await makeProcessFolder('thumbnails');
  life.onStop('thumbnails', () => rm(folder, { recursive: true, force: true }));
  return folder;
}
