import { Commands, decodeBody, IM, type Pdu } from '@teamtalk/protocol';
import type { TeamTalkClient } from '../client.js';
import { ClientError } from '../errors.js';
import type { ServerAddress } from '../server-location.js';
import { blockBytes, type FileAccess, FileLink, type FileLogin } from './file-link.js';
import {
  CLIENT_FILE_DONE,
  CLIENT_FILE_PEER_READY,
  CLIENT_FILE_REFUSE,
  orCancel,
  stateOf,
  tellState,
  unexpected,
} from './file-state.js';
import type { FileOffer } from './offer.js';
import { persist, type TransferOptions } from './persistence.js';
import { tellServer } from './tell-server.js';

const { FILE_TYPE_ONLINE, FILE_TYPE_OFFLINE } = IM.BaseDefine.TransferFileType;
const { CLIENT_REALTIME_RECVER, CLIENT_OFFLINE_DOWNLOAD } = IM.BaseDefine.ClientFileRole;

/** Receives a file's bytes in order; `openSink` makes one from a file on disk. */
export interface FileSink {
  /** Bytes it has from an earlier attempt: the transfer resumes after them. */
  readonly offset: number;
  write(data: Uint8Array): Promise<void>;
  /** Called when all bytes have arrived. Only then is the server told to delete the file. */
  finish(): Promise<void>;
}

/** Blocks requested at once. Legacy clients request one at a time. */
const window = 4;
/** How long to wait for the sender at a file_server that is not the first choice, milliseconds. */
const meetMs = 10_000;

/**
 * Fetches an offered or stored file. Resolves when the sink has all of it; a stored file is off the list then. A broken
 * connection is not a failure: the transfer resumes where it was, at whichever file_server is up.
 *
 * @throws ClientError `file-refused` when the file is gone; `file-cancelled` when the sender or `signal` cancelled the
 *   transfer; `file-unreadable` when the server cannot read the stored file; what the sink throws; otherwise why it made
 *   no progress
 */
export async function receiveFile(
  client: TeamTalkClient,
  offer: FileOffer,
  sink: FileSink,
  options: TransferOptions = {},
): Promise<void> {
  const { taskId, online, servers } = offer;
  const fileRole = online ? CLIENT_REALTIME_RECVER : CLIENT_OFFLINE_DOWNLOAD;
  const login = { userId: client.userId, taskId, fileRole };
  const receiving = new Receiving(login, client, offer, sink, options);
  await persist(servers, options, () => receiving.reached, receiving.attempt);
  if (!online) await removeStored(client, offer);
}

async function removeStored(client: TeamTalkClient, { fromUserId, taskId }: FileOffer): Promise<void> {
  await tellServer(client, Commands.FileDelOfflineReq, { fromUserId, toUserId: client.userId, taskId });
}

/** Declines a file: the sender of an online transfer is notified, and a stored file is removed from the list. */
export async function refuseFile(client: TeamTalkClient, offer: FileOffer): Promise<void> {
  const { taskId, online, servers } = offer;
  if (!online) return removeStored(client, offer);
  const login = { userId: client.userId, taskId, fileRole: CLIENT_REALTIME_RECVER };
  const { signal } = new AbortController();
  await persist(
    servers,
    {},
    () => 0,
    async (server) => {
      const link = await FileLink.open(server, login, client, signal);
      await tellState(link, login, CLIENT_FILE_REFUSE);
      await link.close();
      return true;
    },
  );
}

class Receiving {
  /** Bytes the sink has. */
  reached: number;
  readonly #login: FileLogin;
  readonly #access: FileAccess;
  readonly #offer: FileOffer;
  readonly #sink: FileSink;
  readonly #onProgress: (bytes: number) => void;
  readonly #signal: AbortSignal;
  #finished = false;

  constructor(
    login: FileLogin,
    access: FileAccess,
    offer: FileOffer,
    sink: FileSink,
    { onProgress, signal }: TransferOptions,
  ) {
    this.#login = login;
    this.#access = access;
    this.#offer = offer;
    this.#sink = sink;
    this.reached = sink.offset;
    this.#onProgress = onProgress ?? (() => {});
    this.#signal = signal ?? new AbortController().signal;
  }

  readonly attempt = async (server: ServerAddress, first: boolean): Promise<true | undefined> => {
    const { online, size } = this.#offer;
    if (!online && this.reached >= size) return this.#finish();
    const link = await FileLink.open(server, this.#login, this.#access, this.#signal);
    return orCancel(link, this.#login, this.#signal, async () => {
      if (online && !(await this.#senderReady(link, first))) return undefined;
      await this.#pullAll(link);
      await this.#finish();
      if (online) await tellState(link, this.#login, CLIENT_FILE_DONE);
      return true;
    });
  };

  async #senderReady(link: FileLink, first: boolean): Promise<boolean> {
    const pdu = await link.next(this.#signal, first ? undefined : meetMs);
    if (!pdu) return false;
    if (pdu.commandId !== Commands.FileState.id || stateOf(pdu) !== CLIENT_FILE_PEER_READY)
      throw unexpected(pdu);
    return true;
  }

  async #pullAll(link: FileLink): Promise<void> {
    let asked = this.reached;
    const { size } = this.#offer;
    while (this.reached < size) {
      for (; asked < size && asked < this.reached + window * blockBytes; asked += blockBytes) {
        this.#pull(link, asked);
      }
      const pdu = await link.next(this.#signal);
      if (pdu?.commandId === Commands.FilePullDataRsp.id) await this.#take(pdu);
      else if (pdu?.commandId === Commands.FileState.id) stateOf(pdu);
      else if (pdu) throw unexpected(pdu);
    }
  }

  #pull(link: FileLink, offset: number): void {
    const { userId, taskId } = this.#login;
    const transMode = this.#offer.online ? FILE_TYPE_ONLINE : FILE_TYPE_OFFLINE;
    const dataSize = Math.min(blockBytes, this.#offer.size - offset);
    link.post(Commands.FilePullDataReq, { taskId, userId, transMode, offset, dataSize });
  }

  async #take(pdu: Pdu): Promise<void> {
    const { resultCode, offset, fileData } = decodeBody(Commands.FilePullDataRsp, pdu.body);
    if (resultCode !== 0) {
      throw new ClientError('file-unreadable', `the other side cannot read the file (${resultCode})`);
    }
    const wanted = Math.min(blockBytes, this.#offer.size - this.reached);
    if (offset !== this.reached || fileData.length !== wanted) throw unexpected(pdu);
    await this.#sink.write(fileData);
    this.reached += fileData.length;
    this.#onProgress(this.reached);
  }

  async #finish(): Promise<true> {
    if (!this.#finished) await this.#sink.finish();
    this.#finished = true;
    return true;
  }
}
