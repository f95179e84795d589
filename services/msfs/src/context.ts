import type { BlobStore } from '@teamtalk/blob-store';
import type { Logger } from '@teamtalk/service-kit';
import type { InFlightBudget } from './http/in-flight-budget.js';
import type { ImageCache } from './images/image-cache.js';
import type { Thumbnails } from './images/thumbnails.js';
import type { UploadSlots } from './upload/upload-slots.js';
import type { UploadCheck } from './upload/upload-tokens.js';

/** Dependencies of the handlers. */
export interface Context {
  log: Logger;
  store: BlobStore;
  images: ImageCache;
  thumbnails: Thumbnails;
  inFlight: InFlightBudget;
  uploads: UploadSlots;
  mayUpload: UploadCheck;
  /** undefined: any origin */
  uploadOrigins: readonly string[] | undefined;
  /** without a trailing slash; undefined: the Host of the upload */
  publicUrl: string | undefined;
  limits: { uploadBytes: number };
}
