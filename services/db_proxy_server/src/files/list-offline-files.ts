import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { offlineFileOf } from './offline-file.js';

/** The 500 oldest files that wait for a user (0x0509; client-behaviour.md#offline-downloads), oldest first. */
export function listOfflineFiles({
  offlineFiles,
}: Context): (request: teamtalk.db.UserRequest) => Promise<teamtalk.db.OfflineFileList.$Properties> {
  return async ({ userId }) => ({ files: (await offlineFiles.waitingFor(userId)).map(offlineFileOf) });
}
