import { type teamtalk as bus, fileServerAddresses, topics } from '@teamtalk/bus';
import { Commands, encodePdu, IM } from '@teamtalk/protocol';
import { accounts } from '@teamtalk/rpc';
import type { Connection } from '../../connection/connection.js';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';
import { notifyOfFile } from './file-notification.js';
import { type Handler, queryMs, request } from './handler.js';

const { FILE_TYPE_ONLINE, FILE_TYPE_OFFLINE } = IM.BaseDefine.TransferFileType;
const { FILE_SERVER_ERRNO_OK, FILE_SERVER_ERRNO_CREATE_TASK_ID_ERROR, FILE_SERVER_ERRNO_CREATE_TASK_ERROR } =
  IM.BaseDefine.FileServerError;
const { USER_STATUS_ONLINE, USER_STATUS_LEAVE } = IM.BaseDefine.UserStatType;

/** Milliseconds a file_server has to create a task; then another one is asked, once. */
const taskMs = 1_500;
const taskAttempts = 2;

/**
 * 0x0506: a file for another user. Has a file_server create a task, answers 0x0507 with its id and addresses, and
 * notifies the receiver's PC clients by 0x0508. The first address is the task's file_server; the others, which know the
 * task too, are for clients that lose it. An online transfer needs the receiver to be online on a PC and not to be the
 * sender; otherwise it becomes offline, which the response states. `result_code`: 0 ok, 1 no file_server responds, 2 no
 * such receiver or refused by the file_server (client-behaviour.md#file-tasks).
 */
export function sendFile(context: Context): Handler {
  const { metrics } = context;
  return request(context, Commands.FileRequest, async (connection, message, seqNum) => {
    const { toUserId, fileName, fileSize } = message;
    const transfer = { fromUserId: connection.userId, toUserId, fileName };
    const online =
      message.transMode === FILE_TYPE_ONLINE && (await canTakeOnline(context, connection, toUserId));
    const transMode = online ? FILE_TYPE_ONLINE : FILE_TYPE_OFFLINE;
    const task = (await isActiveUser(context, toUserId))
      ? await makeTask(context, { ...transfer, fileSize, transMode })
      : refusedTask;
    if (!task?.taskId) {
      metrics.refused.inc({ command: commandLabel(Commands.FileRequest.id) });
      const resultCode = task ? FILE_SERVER_ERRNO_CREATE_TASK_ERROR : FILE_SERVER_ERRNO_CREATE_TASK_ID_ERROR;
      return [encodePdu(Commands.FileResponse, { ...transfer, resultCode, taskId: '', transMode }, seqNum)];
    }
    const { taskId } = task;
    const ipAddrList = fileServerAddresses(context.fileServers, { ip: task.ip ?? '', port: task.port ?? 0 });
    notifyOfFile(context, connection, {
      ...transfer,
      fileSize,
      taskId,
      ipAddrList,
      transMode,
      offlineReady: 0,
    });
    const answer = { ...transfer, resultCode: FILE_SERVER_ERRNO_OK, taskId, ipAddrList, transMode };
    return [encodePdu(Commands.FileResponse, answer, seqNum)];
  });
}

type Task = bus.bus.FileTask.$Properties;

const refusedTask: Task = { taskId: '' };

async function canTakeOnline(context: Context, { userId }: Connection, toUserId: number): Promise<boolean> {
  if (toUserId === userId) return false;
  const { status } = await context.bus.request(topics.presenceQuery, { userIds: [toUserId] }, queryMs);
  return status?.[0] === USER_STATUS_ONLINE;
}

async function isActiveUser({ pool }: Context, userId: number): Promise<boolean> {
  if (userId === 0) return false;
  const { users } = await pool.call(accounts.getUsers, { userIds: [userId] }, queryMs);
  return users?.[0] !== undefined && users[0].status !== USER_STATUS_LEAVE;
}

/** @returns undefined when no file_server responds */
async function makeTask(
  { bus, kit }: Context,
  wanted: bus.bus.FileTaskRequest.$Properties,
): Promise<Task | undefined> {
  for (let attempt = 0; attempt < taskAttempts; attempt++) {
    try {
      return await bus.request(topics.fileTask, wanted, taskMs);
    } catch (error) {
      kit.log.warn({ err: error }, 'creating file task failed');
    }
  }
  return undefined;
}
