import { IM } from '@teamtalk/protocol';
import type { TeamTalkClient } from '../client.js';
import { ClientError } from '../errors.js';
import type { ServerAddress } from '../server-location.js';
import { type FileAccess, FileLink, type FileLogin } from './file-link.js';
import { fileServers } from './file-offer.js';
import { persist, type TransferOptions } from './persistence.js';

const { CLIENT_REALTIME_SENDER, CLIENT_OFFLINE_UPLOAD } = IM.BaseDefine.ClientFileRole;

/** How long to wait for a receiver at each file_server, milliseconds; a connected one pulls at once. */
const pullTimeoutMs = 2_000;

/** What is known of a transfer that was started earlier. */
export interface BegunTransfer {
  taskId: string;
  online: boolean;
  /** The file_servers, the receiver's first. */
  servers: ServerAddress[];
}

/**
 * Finds out the kind of a task by logging in for it: an upload, at any file_server, or an online transfer, at the one
 * where its receiver waits.
 * @throws ClientError `file-refused` when the task is gone; otherwise why nobody was found
 */
export async function findBegun(
  client: TeamTalkClient,
  taskId: string,
  options: TransferOptions,
): Promise<BegunTransfer> {
  const servers = await fileServers(client);
  const signal = options.signal ?? new AbortController().signal;
  let last = -1;

  async function attempt(): Promise<BegunTransfer> {
    last = (last + 1) % servers.length;
    const server = servers[last]!;
    const login = { userId: client.userId, taskId };
    const upload = await enter(server, { ...login, fileRole: CLIENT_OFFLINE_UPLOAD }, client, signal);
    if (upload) {
      await upload.close();
      return { taskId, online: false, servers };
    }
    const sender = { ...login, fileRole: CLIENT_REALTIME_SENDER };
    const link = await FileLink.open(server, sender, client, signal);
    const asked = await link.next(signal, pullTimeoutMs).finally(() => link.close());
    if (!asked) throw new ClientError('unreachable', 'the receiver is not connected to any file_server');
    return { taskId, online: true, servers: [server, ...servers.filter((other) => other !== server)] };
  }
  return persist(servers, options, () => 0, attempt);
}

/** @returns undefined when the file_server refuses the login for this side */
async function enter(
  server: ServerAddress,
  login: FileLogin,
  access: FileAccess,
  signal: AbortSignal,
): Promise<FileLink | undefined> {
  try {
    return await FileLink.open(server, login, access, signal);
  } catch (error) {
    if (error instanceof ClientError && error.code === 'file-refused') return undefined;
    throw error;
  }
}
