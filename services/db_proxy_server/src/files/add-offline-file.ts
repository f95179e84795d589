import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { offlineFileOf } from './offline-file.js';

/**
 * A file was uploaded for somebody (0x050b; protocol notes, section 8). It waits since its upload was
 * complete: this only says whether that is so, and what the file really is. Not done: no complete upload of
 * this task from this sender to this receiver.
 */
export function addOfflineFile({
  offlineFiles,
}: Context): (request: teamtalk.db.OfflineFile) => Promise<teamtalk.db.OfflineFileReply.$Properties> {
  return async ({ fromUserId, toUserId, taskId }) => {
    if (taskId.includes('\0')) return { done: false };
    const row = await offlineFiles.find(taskId, fromUserId, toUserId);
    return row ? { done: true, file: offlineFileOf(row) } : { done: false };
  };
}
