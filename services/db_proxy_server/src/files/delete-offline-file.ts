import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';

/**
 * Removes a file from its receiver's list (0x050c; client-behaviour.md#offline-downloads). Refused unless a file of this
 * task from this sender waits for this receiver.
 */
export function deleteOfflineFile({
  offlineFiles,
}: Context): (request: teamtalk.db.DeleteOfflineFileRequest) => Promise<teamtalk.db.ChangeReply.$Properties> {
  return async ({ userId, fromUserId, taskId }) => ({
    done: !taskId.includes('\0') && (await offlineFiles.delete(taskId, fromUserId, userId)),
  });
}
