import { Commands, decodeBody, encodePdu, IM } from '@teamtalk/protocol';
import type { TeamTalkClient } from '../client.js';
import { ClientError } from '../errors.js';
import type { ServerAddress } from '../server-location.js';
import { blockBytes, FileLink, type FileLogin } from './file-link.js';
import { serversOf } from './file-offer.js';
import { CLIENT_FILE_DONE, orCancel, stateOf, unexpected } from './file-state.js';
import { persist, type TransferOptions } from './persistence.js';
import { type BegunTransfer, findBegun } from './resume.js';
import { tellServer } from './tell-server.js';

const { FILE_TYPE_ONLINE, FILE_TYPE_OFFLINE } = IM.BaseDefine.TransferFileType;
const { CLIENT_REALTIME_SENDER, CLIENT_OFFLINE_UPLOAD } = IM.BaseDefine.ClientFileRole;

/** A file to send; `openFile` makes one of a file on the disk. */
export interface FileSource {
  /** What the receiver is told it is called. */
  readonly name: string;
  /** bytes, below 4 GiB */
  readonly size: number;
  /** @returns exactly `length` bytes from `offset` on; fails when the file has not got them any more */
  read(offset: number, length: number): Promise<Uint8Array>;
}

export interface SendFileOptions extends TransferOptions {
  /** Leaves the file with the server whether or not the receiver is there; default false. */
  offline?: boolean;
  /**
   * Goes on with the transfer of this task, whichever process began it, in place of asking for a new one: with an
   * upload for an hour, online as long as the receiver waits, a minute with this SDK.
   */
  resume?: string;
  /** Called with the task once there is one: what `resume` needs. */
  onTask?: (task: SentFile) => void;
}

export interface SentFile {
  taskId: string;
  /** Whether the receiver has it already; otherwise it waits for him. */
  online: boolean;
}

/** How long the receiver's pull is waited for at a file_server we have come to in place of another one, milliseconds. */
const meetMs = 10_000;
const maxSize = 0xffff_ffff;

/**
 * Sends a file: straight to the receiver where his PC is online, otherwise to the server, where it waits for
 * him. Resolves when he has it, or when it is kept for good and he is told. A connection that breaks is no failure: the
 * transfer goes on where it was, at whichever file_server is there.
 *
 * @throws ClientError `file-refused` when the server makes no such transfer (no such receiver, or a quota);
 *   `file-unreadable` when `resume` is the task of a file of another size;
 *   `file-rejected` when the receiver does not want it; `file-cancelled` when he or `signal` ended it; what
 *   `source.read` throws; otherwise why it got no further
 */
export async function sendFile(
  client: TeamTalkClient,
  toUserId: number,
  source: FileSource,
  options: SendFileOptions = {},
): Promise<SentFile> {
  if (!(source.size >= 0 && source.size <= maxSize)) {
    throw new RangeError('a file has at most 4 GiB - 1 bytes');
  }
  const { taskId, online, servers } = await taskFor(client, toUserId, source, options);
  options.onTask?.({ taskId, online });
  const fileRole = online ? CLIENT_REALTIME_SENDER : CLIENT_OFFLINE_UPLOAD;
  // Who uploads waits for nobody but the file_server, which may have to read gigabytes of an earlier try again.
  const waitMs = online ? meetMs : undefined;
  const sending = new Sending({ userId: client.userId, taskId, fileRole }, source, waitMs, options);
  await persist(servers, options, () => sending.reached, sending.attempt);
  if (!online) {
    const file = { fromUserId: client.userId, toUserId, taskId };
    const known = { fileName: source.name, fileSize: source.size };
    await tellServer(client, Commands.FileAddOfflineReq, { ...file, ...known });
  }
  return { taskId, online };
}

async function taskFor(
  client: TeamTalkClient,
  toUserId: number,
  source: FileSource,
  options: SendFileOptions,
): Promise<BegunTransfer> {
  if (options.resume !== undefined) return findBegun(client, options.resume, options);
  const answer = await client.request(Commands.FileRequest, Commands.FileResponse, {
    fromUserId: client.userId,
    toUserId,
    fileName: source.name,
    fileSize: source.size,
    transMode: options.offline ? FILE_TYPE_OFFLINE : FILE_TYPE_ONLINE,
  });
  if (answer.resultCode !== 0) {
    throw new ClientError('file-refused', `the server makes no transfer of this file (${answer.resultCode})`);
  }
  const online = answer.transMode === FILE_TYPE_ONLINE;
  return { taskId: answer.taskId, online, servers: serversOf(answer.ipAddrList) };
}

class Sending {
  reached = 0;
  readonly #login: FileLogin;
  readonly #source: FileSource;
  readonly #waitMs: number | undefined;
  readonly #onProgress: (bytes: number) => void;
  readonly #signal: AbortSignal;
  readonly #isResumed: boolean;

  /** @param waitMs how long a pull is waited for where the other side need not be; undefined: as long as it takes */
  constructor(
    login: FileLogin,
    source: FileSource,
    waitMs: number | undefined,
    { onProgress, signal, resume }: SendFileOptions,
  ) {
    this.#login = login;
    this.#source = source;
    this.#waitMs = waitMs;
    this.#onProgress = onProgress ?? (() => {});
    this.#signal = signal ?? new AbortController().signal;
    this.#isResumed = resume !== undefined;
  }

  readonly attempt = async (server: ServerAddress, first: boolean): Promise<true | undefined> => {
    const link = await FileLink.open(server, this.#login, this.#signal);
    return orCancel(link, this.#login, this.#signal, () =>
      this.#answerPulls(link, first ? undefined : this.#waitMs),
    );
  };

  async #answerPulls(link: FileLink, waitMs: number | undefined): Promise<true | undefined> {
    let wait = waitMs;
    for (;;) {
      const pdu = await link.next(this.#signal, wait);
      if (!pdu) return undefined;
      wait = undefined;
      if (pdu.commandId === Commands.FileState.id) {
        if (stateOf(pdu) === CLIENT_FILE_DONE) {
          if (this.reached > 0) this.#checkResumed(this.reached, true);
          this.#moved(this.#source.size);
          return true;
        }
      } else if (pdu.commandId === Commands.FilePullDataReq.id) {
        const { offset, dataSize } = decodeBody(Commands.FilePullDataReq, pdu.body);
        if (offset + dataSize > this.#source.size) throw unexpected(pdu);
        this.#checkResumed(offset + dataSize, dataSize < blockBytes);
        const fileData = await this.#source.read(offset, dataSize);
        const { userId, taskId } = this.#login;
        const reply = { resultCode: 0, taskId, userId, offset, fileData };
        await link.send(encodePdu(Commands.FilePullDataRsp, reply, pdu.seqNum));
        this.#moved(offset + dataSize);
      } else {
        throw unexpected(pdu);
      }
    }
  }

  /**
   * Whoever goes on by a task's id may have the wrong file: what the server takes for its end has to be it. A server
   * asks for whole blocks but for the last one.
   */
  #checkResumed(end: number, isLast: boolean): void {
    if (!this.#isResumed || !isLast || end === this.#source.size) return;
    throw new ClientError(
      'file-unreadable',
      `the file that was begun has ${end} bytes, not ${this.#source.size}`,
    );
  }

  #moved(bytes: number): void {
    if (bytes <= this.reached) return;
    this.reached = bytes;
    this.#onProgress(bytes);
  }
}
