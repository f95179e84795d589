export type {
  BlobInfo,
  BlobSource,
  BlobStore,
  ByteRange,
  ListOptions,
  OpenBlob,
  PutOptions,
  StoredBlob,
} from './blob-store.js';
export { bytesOf } from './bytes-of.js';
export { type StorageConfig, storageConfig, storageEnv } from './env.js';
export { isNotFound, StorageError, type StorageErrorCode } from './errors.js';
export { isKey } from './key.js';
export { LocalBlobStore } from './local/local-store.js';
export { connect, openStore } from './open-store.js';
export { makeProcessFolder } from './process-folder.js';
