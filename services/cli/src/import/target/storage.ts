import path from 'node:path';
import { type BlobStore, connect, type StorageConfig, storageConfig, storageEnv } from '@teamtalk/blob-store';
import { readEnv } from '@teamtalk/service-kit';

/** Where the new msfs and file_server keep their files, by the same variables as theirs. */
export interface Storage {
  store: BlobStore;
  /** the folder with STORAGE=local */
  folder: string | undefined;
}

/** @throws ConfigError naming every variable that is wrong */
export async function openStorage(env: NodeJS.ProcessEnv): Promise<Storage> {
  const config: StorageConfig = storageConfig(readEnv(storageEnv, env));
  const folder = config.kind === 'local' ? path.resolve(config.folder) : undefined;
  return { store: await connect(config), folder };
}
