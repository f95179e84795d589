import { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { fileTaskOf } from './file-task.js';

const { FILE_TASK_OK, FILE_TASK_UNKNOWN } = teamtalk.db.FileTaskResult;

/** A file transfer, on request with the parts of its upload. */
export function getFileTask({
  fileTasks,
}: Context): (request: teamtalk.db.GetFileTaskRequest) => Promise<teamtalk.db.FileTaskReply.$Properties> {
  return async ({ taskId, withParts }) => {
    const row = taskId.includes('\0') ? undefined : await fileTasks.find(taskId);
    if (!row) return { result: FILE_TASK_UNKNOWN };
    const parts = withParts ? await fileTasks.parts(taskId) : [];
    return { result: FILE_TASK_OK, task: { ...fileTaskOf(row), parts } };
  };
}
