import { Commands, IM } from '@teamtalk/protocol';
import type { Requests } from '../requests.js';
import type { ServerAddress } from '../server-location.js';
import type { FileOffer } from './offer.js';

const { FILE_TYPE_ONLINE } = IM.BaseDefine.TransferFileType;

/** The addresses in a response, in the order to dial them. */
export function serversOf(
  list: readonly IM.BaseDefine.IpAddr.$Properties[] | null | undefined,
): ServerAddress[] {
  return (list ?? []).map(({ ip, port }) => ({ host: ip, port }));
}

/** The offer in a 0x0508; undefined for an offline file that is not uploaded yet. */
export function offerOf(notify: IM.File.IMFileNotify.$Properties): FileOffer | undefined {
  const online = notify.transMode === FILE_TYPE_ONLINE;
  if (!online && notify.offlineReady === 0) return undefined;
  return {
    taskId: notify.taskId,
    fromUserId: notify.fromUserId,
    name: notify.fileName,
    size: notify.fileSize,
    online,
    servers: serversOf(notify.ipAddrList),
  };
}

/** The addresses of the file_servers. */
export async function fileServers(client: Requests): Promise<ServerAddress[]> {
  return serversOf((await askForFiles(client)).ipAddrList);
}

/** The offline files stored for the user, oldest first (0x0509). */
export async function offlineFiles(client: Requests): Promise<FileOffer[]> {
  const { offlineFileList, ipAddrList } = await askForFiles(client);
  const servers = serversOf(ipAddrList);
  return (offlineFileList ?? []).map(({ taskId, fromUserId, fileName, fileSize }) => ({
    taskId,
    fromUserId,
    name: fileName,
    size: fileSize,
    online: false,
    servers,
  }));
}

function askForFiles(client: Requests): Promise<IM.File.IMFileHasOfflineRsp> {
  return client.request(Commands.FileHasOfflineReq, Commands.FileHasOfflineRes, { userId: client.userId });
}
