import type { Kit } from '@teamtalk/service-kit';
import type { BlobStore } from './blob-store.js';
import type { StorageConfig } from './env.js';
import { LocalBlobStore } from './local/local-store.js';
import { ObservedBlobStore } from './observed-store.js';
import { watchStore } from './store-watch.js';

/**
 * Opens a service's store with metrics (`storage_*`), the health check `storage` and periodic removal of
 * unfinished uploads of dead processes. It is closed when the service stops.
 * @throws StorageError when the folder cannot be created
 */
export async function openStore(config: StorageConfig, kit: Kit): Promise<BlobStore> {
  const { life, metrics } = kit;
  const seconds = metrics.histogram('storage_seconds', 'Duration of storage operations', [
    'operation',
    'outcome',
  ]);
  const bytes = metrics.counter('storage_bytes_total', 'Bytes stored (put) and read (get)', ['operation']);
  const store = new ObservedBlobStore(await connect(config), (operation) => {
    const { name, outcome } = operation;
    seconds.observe({ operation: name, outcome }, operation.seconds);
    if (operation.bytes > 0) bytes.inc({ operation: name }, operation.bytes);
  });
  life.onStop('storage', () => store.close());
  await watchStore(store, kit);
  return store;
}

/** Opens a store without metrics and health check. */
export async function connect(config: StorageConfig): Promise<BlobStore> {
  const { timeoutMs } = config;
  if (config.kind === 'local') return new LocalBlobStore({ folder: config.folder, timeoutMs });
  // Loaded on demand: the S3 client is large.
  const [{ S3BlobStore }, { createS3Client }] = await Promise.all([
    import('./s3/s3-store.js'),
    import('./s3/s3-client.js'),
  ]);
  return new S3BlobStore({ client: createS3Client(config, timeoutMs), bucket: config.bucket, timeoutMs });
}
