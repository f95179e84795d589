import { fileServerAddresses } from '@teamtalk/bus';
import { Commands, encodePdu, IM } from '@teamtalk/protocol';
import { files } from '@teamtalk/rpc';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';
import { notifyOfFile } from './file-notification.js';
import { fitting } from './frame-limit.js';
import { type Handler, queryMs, request } from './handler.js';

type FileInfo = IM.BaseDefine.OfflineFileInfo.$Properties;

const { FILE_TYPE_OFFLINE } = IM.BaseDefine.TransferFileType;

/** 0x0509: the files that wait for the user, and where they can be fetched (client-behaviour.md#offline-downloads). */
export function listOfflineFiles(context: Context): Handler {
  return request(context, Commands.FileHasOfflineReq, async (connection, _message, seqNum) => {
    const { userId } = connection;
    const reply = await context.pool.call(files.listOfflineFiles, { userId }, queryMs);
    const waiting = (reply.files ?? []).map(
      (file): FileInfo => ({
        fromUserId: file.fromUserId ?? 0,
        taskId: file.taskId ?? '',
        fileName: file.fileName ?? '',
        fileSize: file.fileSize ?? 0,
      }),
    );
    const offlineFileList = fitting(connection, waiting, encodedBytes);
    const ipAddrList = fileServerAddresses(context.fileServers);
    return [encodePdu(Commands.FileHasOfflineRes, { userId, offlineFileList, ipAddrList }, seqNum)];
  });
}

/**
 * 0x050b: the user has uploaded a file for another one, whose PC clients are told by 0x0508 that it waits,
 * under the name and with the size it was asked for. It has no answer. Windows sends it before the upload is complete:
 * then the file_server where it is completed tells them (client-behaviour.md#offline-downloads). Should they not be told from here
 * either, a file_server tells them a little later.
 */
export function addOfflineFile(context: Context): Handler {
  const { bus, kit, metrics, pool } = context;
  return request(context, Commands.FileAddOfflineReq, async (connection, { toUserId, taskId }) => {
    const claimed = { fromUserId: connection.userId, toUserId, taskId };
    const { done, file, remembered } = await pool.call(files.addOfflineFile, claimed, queryMs);
    if (done && file) {
      notifyOfFile(context, connection, {
        ...claimed,
        fileName: file.fileName ?? '',
        fileSize: file.fileSize ?? 0,
        ipAddrList: fileServerAddresses(context.fileServers),
        transMode: FILE_TYPE_OFFLINE,
        offlineReady: 1,
      });
      await bus.flush();
      await pool
        .call(files.confirmFileAnnouncements, { taskIds: [taskId] }, queryMs)
        .catch((error: unknown) => {
          kit.log.debug({ err: error, taskId }, 'confirming file announcement failed');
        });
    } else if (!remembered) {
      metrics.refused.inc({ command: commandLabel(Commands.FileAddOfflineReq.id) });
    }
    return [];
  });
}

/**
 * 0x050c: the user has fetched a file, which waits no more. Only one that waits for himself, whatever the
 * receiver in the PDU; its sender is the other one of the two ids. It has no answer.
 */
export function deleteOfflineFile(context: Context): Handler {
  const { metrics, pool } = context;
  return request(context, Commands.FileDelOfflineReq, async ({ userId }, message) => {
    const fromUserId = message.fromUserId === userId ? message.toUserId : message.fromUserId;
    const { done } = await pool.call(
      files.deleteOfflineFile,
      { userId, fromUserId, taskId: message.taskId },
      queryMs,
    );
    if (!done) metrics.refused.inc({ command: commandLabel(Commands.FileDelOfflineReq.id) });
    return [];
  });
}

function encodedBytes(file: FileInfo): number {
  return IM.BaseDefine.OfflineFileInfo.encode(file).len + 5;
}
