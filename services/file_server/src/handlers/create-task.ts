import { randomUUID } from 'node:crypto';
import type { teamtalk } from '@teamtalk/bus';
import { IM } from '@teamtalk/protocol';
import type { Context } from '../context.js';

const { FILE_TYPE_OFFLINE } = IM.BaseDefine.TransferFileType;

/**
 * FileTaskRequest from a msg_server: creates a task that every file_server knows, and returns the address at which clients
 * dial this one. Refused, with an empty id: a file name that is empty or too long, and whatever exceeds the quotas.
 */
export function createTask(
  { tasks, config, kit }: Pick<Context, 'tasks' | 'config' | 'kit'>,
  address: { ip: string; port: number },
) {
  const made = kit.metrics.counter('tasks_total', 'Tasks requested by msg_servers, by result', ['result']);
  const { quota } = config.tasks;

  return async (request: teamtalk.bus.FileTaskRequest): Promise<teamtalk.bus.FileTask.$Properties> => {
    const { fromUserId, toUserId, fileName, fileSize, transMode } = request;
    const id = randomUUID();
    const offline = transMode === FILE_TYPE_OFFLINE;
    const result = await tasks.create({ id, fromUserId, toUserId, fileName, fileSize, offline }, quota);
    made.inc({ result: result === 'ok' ? 'made' : result });
    if (result === 'ok') return { taskId: id, ...address };
    const fields = { result, fromUserId, toUserId, fileSize };
    kit.clientLog.info(`user ${fromUserId}`, fields, 'file transfer refused');
    return { taskId: '' };
  };
}
