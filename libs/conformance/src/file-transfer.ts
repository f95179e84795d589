import { Commands as C, type IM, type MessageOf } from '@teamtalk/protocol';
import { check } from './match.js';
import type { Peer } from './peer.js';
import type { World } from './world.js';

/** Bytes of the first pull of Windows, more than a block; later pulls use the size they were given. */
export const windowsPull = 34 * 1024;

export type TransMode = (typeof IM.BaseDefine.TransferFileType)[keyof typeof IM.BaseDefine.TransferFileType];
/** A requested transfer, as either side knows it. */
export type Offer = Pick<MessageOf<typeof C.FileNotify>, 'taskId' | 'ipAddrList' | 'fileSize' | 'fileName'>;

/** Asks for a transfer as a client does. */
export async function requestFile(
  from: Peer,
  to: Peer,
  { fileName, fileSize, transMode }: { fileName: string; fileSize: number; transMode: TransMode },
): Promise<Offer> {
  const { taskId, ipAddrList } = await from.ask(
    C.FileRequest,
    C.FileResponse,
    { fromUserId: from.id, toUserId: to.id, fileName, fileSize, transMode },
    { resultCode: 0, transMode, taskId: (id) => id !== '', ipAddrList: (list) => list.length > 0 },
  );
  return { taskId, ipAddrList, fileName, fileSize };
}

/** Tells the receiver of an upload, by 0x050b. */
export function announceFile(from: Peer, to: Peer, { taskId, fileName, fileSize }: Offer): void {
  const file = { taskId, fileName: fileName.slice(fileName.lastIndexOf('/') + 1), fileSize };
  from.send(C.FileAddOfflineReq, { fromUserId: from.id, toUserId: to.id, ...file });
}

/** Takes a file off its receiver's list. */
export function removeFile(from: Peer, to: Peer, taskId: string): void {
  to.send(C.FileDelOfflineReq, { fromUserId: from.id, toUserId: to.id, taskId });
}

/** The list of files that wait for a user, and where to fetch them. */
export function offlineFiles(peer: Peer): Promise<MessageOf<typeof C.FileHasOfflineRes>> {
  return peer.ask(C.FileHasOfflineReq, C.FileHasOfflineRes, { userId: peer.id });
}

/** A file on a user's list; undefined when it is not there. */
export async function listedFile(peer: Peer, taskId: string) {
  return (await offlineFiles(peer)).offlineFileList.find((each) => each.taskId === taskId);
}

/** Waits until the user's PC is offline: the end of a connection becomes known after a moment. */
export async function untilOffline(peer: Peer, userId: number, world: World): Promise<void> {
  const end = performance.now() + world.target.deadlineMs;
  for (;;) {
    const { userStatList } = await peer.ask(C.BuddyListUsersStatusRequest, C.BuddyListUsersStatusResponse, {
      userId: peer.id,
      userIdList: [userId],
    });
    if (userStatList[0]?.status !== 1) return;
    check(performance.now() < end, `user ${userId} does not go`);
  }
}
