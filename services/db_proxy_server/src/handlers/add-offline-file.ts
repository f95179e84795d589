import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { isStorableText } from '../repositories/text.js';

/** Longest task id, characters; ours are UUIDs. */
const maxTaskIdLength = 64;
/** Longest name of a file, characters. */
const maxNameLength = 255;

/**
 * A file that was uploaded for somebody (0x050b; protocol notes, section 8). The same again is done again.
 * Not done: an empty or too long task id or name, a task that is another transfer's, a sender or receiver
 * who is not there, or 200 files of this sender that the receiver has not fetched.
 */
export function addOfflineFile({
  offlineFiles,
}: Context): (request: teamtalk.db.OfflineFile) => Promise<teamtalk.db.ChangeReply.$Properties> {
  return async ({ fromUserId, toUserId, taskId, fileName, fileSize }) => {
    if (taskId === '' || !isStorableText(taskId, maxTaskIdLength)) return { done: false };
    if (fileName === '' || !isStorableText(fileName, maxNameLength)) return { done: false };
    const file = { taskId, fromUserId, toUserId, name: fileName, size: fileSize };
    return { done: await offlineFiles.add(file) };
  };
}
