import type { teamtalk } from '@teamtalk/bus';
import type { Kit } from '@teamtalk/service-kit';
import type { FileTasks } from '../tasks/file-tasks.js';

/** Longest name of a file, UTF-16 units. */
const maxNameLength = 255;

/**
 * FileTaskRequest from a msg_server: makes a task and says where clients dial this file_server. Refused, with
 * an empty id: a name that is empty or too long, and more tasks than there may be.
 */
export function createTask({ metrics }: Kit, tasks: FileTasks, address: { ip: string; port: number }) {
  const made = metrics.counter('tasks_total', 'Tasks that msg_servers asked for', ['result']);

  return (request: teamtalk.bus.FileTaskRequest): teamtalk.bus.FileTask.$Properties => {
    const { fromUserId, toUserId, fileName, fileSize, transMode } = request;
    if (fileName === '' || fileName.length > maxNameLength) {
      made.inc({ result: 'bad_name' });
      return { taskId: '' };
    }
    const task = tasks.create({ fromUserId, toUserId, fileName, fileSize, transMode });
    made.inc({ result: task ? 'made' : 'too_many' });
    return { taskId: task?.id ?? '', ...address };
  };
}
