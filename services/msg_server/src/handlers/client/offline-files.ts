import { fileServerAddresses } from '@teamtalk/bus';
import { plainAddress } from '@teamtalk/net';
import { Commands, encodePdu, IM } from '@teamtalk/protocol';
import { files } from '@teamtalk/rpc';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';
import { notifyOfFile } from './file-notification.js';
import { fitting } from './frame-limit.js';
import { type Handler, queryMs, request } from './handler.js';

type FileInfo = IM.BaseDefine.OfflineFileInfo.$Properties;

const { FILE_TYPE_OFFLINE } = IM.BaseDefine.TransferFileType;

/** 0x0509: the files waiting for the user and the file_servers' addresses (client-behaviour.md#offline-downloads). */
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
 * 0x050b: the user has uploaded a file for another user, whose PC clients are notified by 0x0508 with the name and size
 * of the task. There is no response. Windows sends it before the upload is complete; then the file_server that
 * completes the upload notifies them (client-behaviour.md#offline-downloads). If the notification here is not
 * confirmed, a file_server repeats it a little later.
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
 * 0x050c: the user has fetched a file, which is removed from the list. It has to be one for the user, whatever the PDU
 * says; the sender is the other one of its two ids. There is no response.
 */
export function deleteOfflineFile(context: Context): Handler {
  const { metrics, pool } = context;
  return request(context, Commands.FileDelOfflineReq, async ({ userId, remoteAddress }, message) => {
    const fromUserId = message.fromUserId === userId ? message.toUserId : message.fromUserId;
    const { done } = await pool.call(
      files.deleteOfflineFile,
      { userId, fromUserId, taskId: message.taskId, address: plainAddress(remoteAddress) },
      queryMs,
    );
    if (!done) metrics.refused.inc({ command: commandLabel(Commands.FileDelOfflineReq.id) });
    return [];
  });
}

function encodedBytes(file: FileInfo): number {
  return IM.BaseDefine.OfflineFileInfo.encode(file).len + 5;
}
