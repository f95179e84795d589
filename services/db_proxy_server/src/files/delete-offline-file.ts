import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';

/**
 * Takes a file off the list of its receiver, who is the only one that may (0x050c; client-behaviour.md#offline-downloads). Not done: no file of that task waits for him from that sender.
 */
export function deleteOfflineFile({
  offlineFiles,
}: Context): (request: teamtalk.db.DeleteOfflineFileRequest) => Promise<teamtalk.db.ChangeReply.$Properties> {
  return async ({ userId, fromUserId, taskId }) => ({
    done: !taskId.includes('\0') && (await offlineFiles.delete(taskId, fromUserId, userId)),
  });
}
