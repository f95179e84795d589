import { Commands, decodeBody, encodePdu, IM } from '@teamtalk/protocol';
import type { TeamTalkClient } from '../client.js';
import { ClientError } from '../errors.js';
import type { ServerAddress } from '../server-location.js';
import { blockBytes, type FileAccess, FileLink, type FileLogin } from './file-link.js';
import { serversOf } from './file-offer.js';
import { CLIENT_FILE_DONE, orCancel, stateOf, unexpected } from './file-state.js';
import { persist, type TransferOptions } from './persistence.js';
import { type BegunTransfer, findBegun } from './resume.js';
import { tellServer } from './tell-server.js';

const { FILE_TYPE_ONLINE, FILE_TYPE_OFFLINE } = IM.BaseDefine.TransferFileType;
const { CLIENT_REALTIME_SENDER, CLIENT_OFFLINE_UPLOAD } = IM.BaseDefine.ClientFileRole;

/** A file to send; `openFile` makes one from a file on disk. */
export interface FileSource {
  /** The name shown to the receiver. */
  readonly name: string;
  /** bytes, below 4 GiB */
  readonly size: number;
  /** @returns exactly `length` bytes from `offset`; fails when the file no longer has them */
  read(offset: number, length: number): Promise<Uint8Array>;
}

export interface SendFileOptions extends TransferOptions {
  /** Stores the file on the server even when the receiver is online; default false. */
  offline?: boolean;
  /**
   * Resumes the transfer of this task, whichever process began it, instead of requesting a new one. An upload can be
   * resumed for an hour, an online transfer as long as the receiver waits (a minute with this SDK).
   */
  resume?: string;
  /** Called with the task id once there is one, for `resume`. */
  onTask?: (task: SentFile) => void;
}

export interface SentFile {
  taskId: string;
  /** Whether the receiver has it already; otherwise the server stores it for them. */
  online: boolean;
}

/** How long to wait for the receiver's pull at a file_server that is not the first choice, milliseconds. */
const meetMs = 10_000;
const maxSize = 0xffff_ffff;

/**
 * Sends a file: directly to the receiver if their PC is online, otherwise to the server, which stores it. Resolves when
 * the receiver has it, or when it is stored and they have been told. A broken connection is not a failure: the transfer
 * resumes where it was, at whichever file_server is up.
 *
 * @throws ClientError `file-refused` when the server refuses the transfer (no such receiver, or a quota);
 *   `file-unreadable` when `resume` is the task of a file of another size; `file-rejected` when the receiver declines
 *   it; `file-cancelled` when they or `signal` cancelled it; what `source.read` throws; otherwise why it made no progress
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
  // An upload waits only for the file_server, which may have to reread gigabytes of an earlier attempt.
  const waitMs = online ? meetMs : undefined;
  const login = { userId: client.userId, taskId, fileRole };
  const sending = new Sending(login, client, source, waitMs, options);
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
    throw new ClientError('file-refused', `the server refused the transfer (${answer.resultCode})`);
  }
  const online = answer.transMode === FILE_TYPE_ONLINE;
  return { taskId: answer.taskId, online, servers: serversOf(answer.ipAddrList) };
}

class Sending {
  reached = 0;
  readonly #login: FileLogin;
  readonly #access: FileAccess;
  readonly #source: FileSource;
  readonly #waitMs: number | undefined;
  readonly #onProgress: (bytes: number) => void;
  readonly #signal: AbortSignal;
  readonly #isResumed: boolean;

  /** @param waitMs how long to wait for a pull where the other side may be absent; undefined: no limit */
  constructor(
    login: FileLogin,
    access: FileAccess,
    source: FileSource,
    waitMs: number | undefined,
    { onProgress, signal, resume }: SendFileOptions,
  ) {
    this.#login = login;
    this.#access = access;
    this.#source = source;
    this.#waitMs = waitMs;
    this.#onProgress = onProgress ?? (() => {});
    this.#signal = signal ?? new AbortController().signal;
    this.#isResumed = resume !== undefined;
  }

  readonly attempt = async (server: ServerAddress, first: boolean): Promise<true | undefined> => {
    const link = await FileLink.open(server, this.#login, this.#access, this.#signal);
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
   * A resumed task may belong to another file: the end of the server's file must be the end of this one. A server asks
   * for whole blocks except the last one.
   */
  #checkResumed(end: number, isLast: boolean): void {
    if (!this.#isResumed || !isLast || end === this.#source.size) return;
    throw new ClientError(
      'file-unreadable',
      `the resumed transfer is of a file of ${end} bytes, not ${this.#source.size}`,
    );
  }

  #moved(bytes: number): void {
    if (bytes <= this.reached) return;
    this.reached = bytes;
    this.#onProgress(bytes);
  }
}
