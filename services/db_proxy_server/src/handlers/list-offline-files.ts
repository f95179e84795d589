import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';

/** The files that wait for a user (0x0509; protocol notes, section 8): the 500 that wait longest, oldest first. */
export function listOfflineFiles({
  offlineFiles,
}: Context): (request: teamtalk.db.UserRequest) => Promise<teamtalk.db.OfflineFileList.$Properties> {
  return async ({ userId }) => {
    const rows = await offlineFiles.waitingFor(userId);
    return {
      files: rows.map((row) => ({
        fromUserId: row.from_id,
        toUserId: row.to_id,
        taskId: row.task_id,
        fileName: row.name,
        fileSize: row.size,
      })),
    };
  };
}
