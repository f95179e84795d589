import { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { isStorableText } from '../database/text.js';
import { fileTaskOf } from './file-task.js';
import type { FileTaskRefusal } from './file-tasks.js';

const {
  FILE_TASK_OK,
  FILE_TASK_BAD_REQUEST,
  FILE_TASK_TOO_MANY,
  FILE_TASK_USER_QUOTA,
  FILE_TASK_TOTAL_QUOTA,
} = teamtalk.db.FileTaskResult;

const results: Record<FileTaskRefusal, teamtalk.db.FileTaskResult> = {
  'bad-request': FILE_TASK_BAD_REQUEST,
  'too-many': FILE_TASK_TOO_MANY,
  'user-quota': FILE_TASK_USER_QUOTA,
  'total-quota': FILE_TASK_TOTAL_QUOTA,
};

/** Longest task id, characters; file_server uses UUIDs. */
const maxTaskIdLength = 64;
/** Longest name of a file, characters. */
export const maxNameLength = 255;

/**
 * Creates a file transfer that all file_servers can serve (client-behaviour.md#file-tasks). Refused: a name that is empty
 * or longer than 255 characters, unknown users, and transfers beyond the request's quotas.
 */
export function createFileTask({
  fileTasks,
}: Context): (request: teamtalk.db.CreateFileTaskRequest) => Promise<teamtalk.db.FileTaskReply.$Properties> {
  return async (request) => {
    const { taskId, fileName, fromUserId, toUserId, fileSize, offline, lifetimeMs } = request;
    if (taskId === '' || !isStorableText(taskId, maxTaskIdLength)) return { result: FILE_TASK_BAD_REQUEST };
    if (fileName === '' || !isStorableText(fileName, maxNameLength)) return { result: FILE_TASK_BAD_REQUEST };
    const quota = {
      userBytes: request.maxUserBytes,
      totalBytes: request.maxTotalBytes,
      reservedBytes: request.maxReservedBytes,
      unfinished: request.maxUnfinished,
    };
    const made = await fileTasks.create(
      { id: taskId, fromUserId, toUserId, name: fileName, size: fileSize, offline, lifetimeMs },
      quota,
    );
    if (typeof made === 'string') return { result: results[made] };
    return { result: FILE_TASK_OK, task: fileTaskOf(made) };
  };
}
