import type { teamtalk } from '@teamtalk/rpc';
import type { FileTaskRow } from './file-tasks.js';

/** A task as a message for file_server, without its parts. */
export function fileTaskOf(row: FileTaskRow): teamtalk.db.FileTask.$Properties {
  return {
    taskId: row.id,
    fromUserId: row.from_id,
    toUserId: row.to_id,
    fileName: row.name,
    fileSize: row.size,
    offline: row.offline,
    stored: row.stored,
    complete: row.complete,
    expiresInMs: row.left_ms,
    ...(row.sha256 && { sha256: row.sha256 }),
  };
}
