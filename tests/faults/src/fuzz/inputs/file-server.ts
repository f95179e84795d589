import { Commands, encodePdu, IM } from '@teamtalk/protocol';
import type { Random } from '../../chaos/schedules/random.js';
import type { Conversation, StreamInput } from '../making/input.js';
import { inChunks, PduMaker, type Weights } from '../making/pdu-maker.js';
import { bytesOf, type Known } from '../making/values.js';

const { CLIENT_REALTIME_SENDER, CLIENT_REALTIME_RECVER, CLIENT_OFFLINE_UPLOAD, CLIENT_OFFLINE_DOWNLOAD } =
  IM.BaseDefine.ClientFileRole;

/** A transfer that a msg_server has arranged. */
export interface FileTask {
  id: string;
  from: number;
  to: number;
  offline: boolean;
}

const weights: Weights = [
  [Commands.FileState, 10],
  [Commands.FilePullDataReq, 20],
  [Commands.FilePullDataRsp, 20],
  [Commands.FileLoginReq, 5],
];

const markerSeq = 0xbeef;
/** Command and sequence number of the last heartbeat, which comes back. */
const marker = Buffer.from([0x07, 0x01, 0xbe, 0xef]);

/** Both sides of transfers, and what looks like them. */
export class FileServerInputs {
  readonly #random: Random;
  readonly #pdus: PduMaker;
  readonly #tasks: readonly FileTask[];

  constructor(random: Random, known: Known, tasks: readonly FileTask[]) {
    this.#random = random;
    this.#pdus = new PduMaker(random, known, weights);
    this.#tasks = tasks;
  }

  makeStream(): StreamInput {
    const { pdus, marker, ending } = this.make();
    const chunks = inChunks(this.#random, pdus);
    return { kind: 'stream', service: 'file_server', port: 'client', chunks, marker, ending };
  }

  make(): Conversation {
    const random = this.#random;
    const pdus: Buffer[] = [];
    for (let i = random.between(0, 100); i > 0; i--) pdus.push(this.#pdus.heartbeat());
    if (random.chance(0.85)) pdus.push(this.#login());
    if (random.chance(0.9)) {
      for (let i = random.between(0, 60); i > 0; i--) pdus.push(this.#pdus.next());
    }
    pdus.push(encodePdu(Commands.OtherHeartbeat, {}, markerSeq));
    if (random.chance(0.15)) pdus.push(this.#pdus.broken());
    if (random.chance(0.02)) pdus.push(bytesOf(random, random.between(1, 500)));
    return { pdus, marker, ending: random.chance(0.8) ? 'end' : 'destroy' };
  }

  #login(): Buffer {
    const random = this.#random;
    if (this.#tasks.length === 0 || random.chance(0.3)) return this.#pdus.of(Commands.FileLoginReq, 0.3);
    const task = random.pick(this.#tasks);
    const sends = random.chance(0.5);
    const roles = task.offline
      ? [CLIENT_OFFLINE_DOWNLOAD, CLIENT_OFFLINE_UPLOAD]
      : [CLIENT_REALTIME_RECVER, CLIENT_REALTIME_SENDER];
    return encodePdu(
      Commands.FileLoginReq,
      { userId: sends ? task.from : task.to, taskId: task.id, fileRole: roles[Number(sends)]! },
      1,
    );
  }
}
