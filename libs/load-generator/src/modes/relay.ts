import { Commands, encodePdu, HEADER_LENGTH, IM } from '@teamtalk/protocol';
import { type Endpoint, LoadConnection, type Traffic } from '../connection.js';
import { Latency } from '../latency.js';
import { Measurement } from '../measurement.js';
import type { LoadOptions } from '../options.js';
import { emptyCounts } from '../pool.js';
import type { LoadResult } from '../result.js';

interface RelayOptions extends LoadOptions {
  /** blocks a receiver requests at once; legacy clients: one */
  window: number;
  /** the server is a TCP relay without the protocol: the baseline */
  bare: boolean;
}

const block = 32_768;
const fileSize = 0xffff_ffff;
const { CLIENT_REALTIME_SENDER, CLIENT_REALTIME_RECVER } = IM.BaseDefine.ClientFileRole;
const { FILE_TYPE_ONLINE } = IM.BaseDefine.TransferFileType;

/** The task id of the measurement's k-th transfer, from 1; the tasks have to exist before. */
export function relayTaskId(k: number): string {
  return `00000000-0000-4000-8000-${String(k).padStart(12, '0')}`;
}

/**
 * Online file transfers as legacy clients make them: the receiver requests a block of 32,768 bytes, the sender
 * answers, the receiver requests the next one. The ids of all senders and all receivers are `first` and `first + 1`;
 * the tasks have to exist, and LOGIN_CHECK has to be `task`.
 */
export async function runRelay(options: RelayOptions): Promise<LoadResult> {
  const { users, warmup, seconds, servers, watch } = options;
  const latency = new Latency();
  const measurement = new Measurement(watch, seconds, { block: latency });
  let blocks = 0;
  const onBlock = (askedAt: number) => {
    if (measurement.includes(performance.now())) {
      blocks++;
      latency.record(performance.now() - askedAt);
    }
  };
  const transfers: Transfer[] = [];
  try {
    for (let k = 0; k < users; k++) {
      const transfer = new Transfer(relayTaskId(k + 1), k + 1, options, onBlock);
      transfers.push(transfer);
      await transfer.open(servers[k % servers.length]!);
    }
    const start = performance.now();
    for (const transfer of transfers) transfer.begin();
    measurement.begin(start, warmup);
    await new Promise((resolve) => setTimeout(resolve, (warmup + seconds) * 1000));
    const broken = transfers.filter(({ isOpen }) => !isOpen).length;
    return {
      mode: 'relay',
      wantedRate: 0,
      ...measurement.end(),
      rates: { blocks: blocks / seconds },
      connections: { ...emptyCounts(), closedByServer: broken },
      figures: { mibPerSecond: Math.round((blocks * block) / 1_048_576 / seconds), transfers: users },
    };
  } finally {
    for (const transfer of transfers) transfer.close();
  }
}

/** A sender and a receiver in one process. */
class Transfer {
  readonly #taskId: string;
  readonly #number: number;
  readonly #options: RelayOptions;
  readonly #onBlock: (askedAt: number) => void;
  /** The PDU of a block; only its offset changes. */
  readonly #data: Buffer;
  readonly #offsetAt: number;
  readonly #asked: number[] = [];
  #sender: LoadConnection | undefined;
  #receiver: LoadConnection | undefined;
  #next = 0;

  constructor(taskId: string, number: number, options: RelayOptions, onBlock: (askedAt: number) => void) {
    this.#taskId = taskId;
    this.#number = number;
    this.#options = options;
    this.#onBlock = onBlock;
    // An offset whose varint has five bytes; every other is written with as many.
    const marker = 0xfff0_0000;
    const fields = { resultCode: 0, taskId, userId: options.first, fileData: Buffer.alloc(block, 7) };
    this.#data = encodePdu(Commands.FilePullDataRsp, { ...fields, offset: marker }, 0);
    this.#offsetAt = this.#data.indexOf(Buffer.from([0x80, 0x80, 0xc0, 0xff, 0x0f]), HEADER_LENGTH);
  }

  get isOpen(): boolean {
    return this.#sender?.isOpen === true && this.#receiver?.isOpen === true;
  }

  async open(server: Endpoint): Promise<void> {
    const { first, bare } = this.#options;
    this.#sender = await this.#connect(server, first, CLIENT_REALTIME_SENDER, (commandId, body) => {
      if (commandId === Commands.FilePullDataReq.id) this.#answer(body);
    });
    const ready = new Promise<void>((resolve, reject) => {
      this.#connect(server, first + 1, CLIENT_REALTIME_RECVER, (commandId) => {
        if (commandId === Commands.FileState.id) resolve();
        else if (commandId === Commands.FilePullDataRsp.id) this.#take();
      }).then((receiver) => {
        this.#receiver = receiver;
        if (bare) resolve();
      }, reject);
    });
    await ready;
  }

  begin(): void {
    for (let i = 0; i < this.#options.window; i++) this.#pull();
  }

  close(): void {
    this.#sender?.close();
    this.#receiver?.close();
  }

  async #connect(
    server: Endpoint,
    userId: number,
    fileRole: IM.BaseDefine.ClientFileRole,
    onPdu: (commandId: number, body: Buffer) => void,
  ): Promise<LoadConnection> {
    const connection = await new Promise<LoadConnection>((resolve, reject) => {
      const traffic: Traffic = {
        frame: (_, commandId, _seq, buf, start, end) => onPdu(commandId, buf.subarray(start, end)),
        readDone: () => {},
        closed: () => reject(new Error('the server refuses connections')),
      };
      new LoadConnection(userId, this.#taskId, traffic).open(server, false, resolve);
    });
    if (this.#options.bare) {
      const pair = Buffer.alloc(4);
      pair.writeUInt32BE(this.#number);
      connection.write(pair);
    } else {
      connection.write(encodePdu(Commands.FileLoginReq, { userId, taskId: this.#taskId, fileRole }, 1));
    }
    return connection;
  }

  #pull(): void {
    if (this.#next + block > fileSize) this.#next = 0;
    const offset = this.#next;
    this.#next += block;
    this.#asked.push(performance.now());
    const { first } = this.#options;
    const fields = { taskId: this.#taskId, userId: first + 1, transMode: FILE_TYPE_ONLINE, offset };
    this.#receiver?.write(encodePdu(Commands.FilePullDataReq, { ...fields, dataSize: block }, 2));
  }

  #take(): void {
    const askedAt = this.#asked.shift();
    if (askedAt === undefined) return;
    this.#onBlock(askedAt);
    this.#pull();
  }

  /** Sends the prepared block with the offset of the pull. */
  #answer(body: Buffer): void {
    const { offset } = Commands.FilePullDataReq.type.decode(body);
    const pdu = Buffer.from(this.#data);
    let rest = offset;
    for (let i = 0; i < 5; i++) {
      pdu[this.#offsetAt + i] = (rest & 127) | (i < 4 ? 128 : 0);
      rest = Math.floor(rest / 128);
    }
    this.#sender?.write(pdu);
  }
}
