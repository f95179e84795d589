import type { teamtalk } from '@teamtalk/rpc';
import type { OfflineFileRow } from './offline-files.js';

/** A waiting file as a protocol message. */
export function offlineFileOf(row: OfflineFileRow): teamtalk.db.OfflineFile.$Properties {
  return {
    fromUserId: row.from_id,
    toUserId: row.to_id,
    taskId: row.task_id,
    fileName: row.name,
    fileSize: row.size,
  };
}
