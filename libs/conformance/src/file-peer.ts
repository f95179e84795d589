import { RawConnection } from '@teamtalk/local-stack';
import { Commands as C, type Command, decodeBody, encodePdu, IM } from '@teamtalk/protocol';
import { nameOf } from './command-name.js';
import { check, type Expected, expectMatch } from './match.js';

export const Role = {
  sender: IM.BaseDefine.ClientFileRole.CLIENT_REALTIME_SENDER,
  receiver: IM.BaseDefine.ClientFileRole.CLIENT_REALTIME_RECVER,
  upload: IM.BaseDefine.ClientFileRole.CLIENT_OFFLINE_UPLOAD,
  download: IM.BaseDefine.ClientFileRole.CLIENT_OFFLINE_DOWNLOAD,
} as const;

type RoleNumber = (typeof Role)[keyof typeof Role];

const { FILE_TYPE_ONLINE, FILE_TYPE_OFFLINE } = IM.BaseDefine.TransferFileType;

/** Bytes of a block. */
export const block = 32_768;

/** Who connects to a file_server, and for which task. */
interface FileSide {
  label: string;
  userId: number;
  taskId: string;
  deadlineMs: number;
  /** called when a PDU is forwarded with its sender's seq_num; left out: that is a failure */
  onForwarded?: (() => void) | undefined;
  /** sends every PDU with seq_num 0, as Windows does on this connection */
  unnumbered?: boolean | undefined;
}

/** One side of a file transfer: a connection to a file_server, PDU by PDU. */
export class FilePeer {
  readonly label: string;
  readonly #raw: RawConnection;
  readonly #userId: number;
  readonly #taskId: string;
  readonly #deadlineMs: number;
  readonly #onForwarded: (() => void) | undefined;
  readonly #unnumbered: boolean;
  #seqNum = 0;

  static async open(address: { host: string; port: number }, side: FileSide): Promise<FilePeer> {
    const { host, port } = address;
    return new FilePeer(await RawConnection.open(port, { host, deadlineMs: side.deadlineMs }), side);
  }

  private constructor(
    raw: RawConnection,
    { label, userId, taskId, deadlineMs, onForwarded, unnumbered = false }: FileSide,
  ) {
    this.#raw = raw;
    this.label = label;
    this.#userId = userId;
    this.#taskId = taskId;
    this.#deadlineMs = deadlineMs;
    this.#onForwarded = onForwarded;
    this.#unnumbered = unnumbered;
  }

  /** Sends a PDU. @returns its seq_num */
  send<P extends object>(command: Command<object, P>, body: NoInfer<P>): number {
    if (!this.#unnumbered) this.#seqNum++;
    void this.#raw.send(encodePdu(command, body, this.#seqNum));
    return this.#seqNum;
  }

  /** Takes the next PDU, which has to be this one. @param seqNum of the request, or 0 for a PDU sent unasked */
  async take<M extends object>(
    command: Command<M, never>,
    expected: NoInfer<Expected<M>>,
    seqNum?: number,
  ): Promise<M> {
    const frame = await this.#raw.take(() => true, this.#deadlineMs);
    check(frame !== undefined, `${this.label} got no ${nameOf(command.id)}`);
    const got = nameOf(frame.commandId);
    check(frame.commandId === command.id, `${this.label} got ${got} in place of ${nameOf(command.id)}`);
    if (seqNum === 0 && frame.seqNum !== 0 && this.#onForwarded) this.#onForwarded();
    else if (seqNum !== undefined) {
      check(frame.seqNum === seqNum, `${this.label} got ${got} with seq_num ${frame.seqNum}, not ${seqNum}`);
    }
    const message = decodeBody(command, frame.body);
    expectMatch(message, expected, `${this.label} got ${got}`);
    return message;
  }

  /** Logs in and checks the `result_code`. */
  async logIn(fileRole: RoleNumber, resultCode = 0): Promise<void> {
    const login = { userId: this.#userId, taskId: this.#taskId, fileRole };
    const seqNum = this.send(C.FileLoginReq, login);
    await this.take(C.FileLoginRes, { resultCode, taskId: this.#taskId }, seqNum);
  }

  /** Asks for a block. @returns the seq_num that its data must have */
  pull(offset: number, dataSize: number, transMode: 1 | 2 = FILE_TYPE_ONLINE, taskId = this.#taskId): number {
    return this.send(C.FilePullDataReq, { taskId, userId: this.#userId, transMode, offset, dataSize });
  }

  data(offset: number, fileData: Uint8Array): void {
    this.send(C.FilePullDataRsp, {
      resultCode: 0,
      taskId: this.#taskId,
      userId: this.#userId,
      offset,
      fileData,
    });
  }

  state(state: IM.BaseDefine.ClientFileState): void {
    this.send(C.FileState, { state, taskId: this.#taskId, userId: this.#userId });
  }

  /**
   * Takes the server's next pull of an upload and answers it from the file.
   * @param most bytes it may ask for
   * @returns its offset
   */
  async giveBlock(content: Buffer, transMode: 1 | 2 = FILE_TYPE_OFFLINE, most = block): Promise<number> {
    const taskId = this.#taskId;
    const fits = { taskId, transMode, dataSize: (size: number) => size > 0 && size <= most };
    const { offset, dataSize } = await this.take(C.FilePullDataReq, fits, 0);
    this.data(offset, content.subarray(offset, offset + dataSize));
    return offset;
  }

  /** Answers the server's pulls of an upload, one block after the other, from one byte of the file to another. */
  async giveBlocks(content: Buffer, from = 0, to = content.length): Promise<void> {
    for (let offset = from; offset < to; offset += block) {
      check((await this.giveBlock(content)) === offset, `the server does not ask for byte ${offset}`);
    }
  }

  /**
   * Pulls a file to its end, each time at most as much as it was given before.
   * @param size bytes of the first pull
   * @param firstSeqNum of the first pull, when that has been sent already
   * @param give is done after each pull
   */
  async pullAll(
    content: Buffer,
    transMode: 1 | 2,
    size = block,
    { firstSeqNum, give }: { firstSeqNum?: number; give?: () => Promise<unknown> } = {},
  ): Promise<void> {
    for (let offset = 0, most = size, sent = firstSeqNum; offset < content.length; sent = undefined) {
      const seqNum = sent ?? this.pull(offset, Math.min(most, content.length - offset), transMode);
      await give?.();
      const isNext = (data: Uint8Array) =>
        data.length > 0 && content.subarray(offset, offset + data.length).equals(data);
      const expected = { resultCode: 0, taskId: this.#taskId, offset, fileData: isNext };
      const { fileData } = await this.take(C.FilePullDataRsp, expected, seqNum);
      most = fileData.length;
      offset += most;
    }
  }

  /** Pulls a block and checks its bytes. */
  async fetch(content: Buffer, offset: number, transMode: 1 | 2 = FILE_TYPE_OFFLINE): Promise<void> {
    const fileData = content.subarray(offset, offset + block);
    const seqNum = this.pull(offset, fileData.length, transMode);
    await this.take(C.FilePullDataRsp, { resultCode: 0, taskId: this.#taskId, offset, fileData }, seqNum);
  }

  async expectEnd(): Promise<void> {
    check(await this.#raw.ended(this.#deadlineMs), `the connection of ${this.label} was not closed`);
  }

  /** Checks that nothing has come without being taken. */
  expectNothingMore(): void {
    const [frame] = this.#raw.received;
    check(!frame, `${this.label} got ${nameOf(frame?.commandId ?? 0)} that nobody expected`);
  }

  leave(): void {
    this.#raw.close();
  }
}
