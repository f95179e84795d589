import { ClientType, type Command, encodePduStart } from '@teamtalk/protocol';
import { costs } from '../../backpressure/request-costs.js';
import type { Connection } from '../../connection/connection.js';
import { androidListBytes } from './frame-limit.js';

/** The fields before the list in 0x0209 and 0x0211. */
interface Head {
  userId: number;
  latestUpdateTime: number;
}

/** Tag of the list entries in both: field 3, length-delimited. */
const listTag = (3 << 3) | 2;

/**
 * The response to 0x0208 or 0x0210, encoded once for all clients that get it. Only the head differs per client; the
 * list's bytes are shared without copying.
 */
export class EncodedList<P extends Head> {
  readonly #command: Command<object, P>;
  readonly #latestUpdateTime: number;
  /** The list's bytes, split at Android's frame limit (client-behaviour.md#frame-limits). */
  readonly #pieces: Buffer[];

  /** @param body the response with the list and `userId` 0 */
  constructor(command: Command<object, P>, body: NoInfer<P>) {
    this.#command = command;
    this.#latestUpdateTime = body.latestUpdateTime;
    const head = this.#head(0);
    this.#pieces = cut(Buffer.from(command.type.encode(body).finish().subarray(head.length)));
  }

  /**
   * One PDU, or several with the same seq_num for Android when one would exceed its frame limit. Entries that alone
   * exceed that limit are left out for Android.
   * @returns the buffers to write, in order
   */
  answer(connection: Connection, seqNum: number): Buffer[] {
    if (connection.clientType !== ClientType.ANDROID) return this.#pdu(connection, this.#pieces, seqNum);
    const pieces = this.#pieces.filter(({ length }) => length <= androidListBytes);
    if (pieces.length === 0) return this.#pdu(connection, [], seqNum);
    return pieces.flatMap((piece) => this.#pdu(connection, [piece], seqNum));
  }

  #pdu(connection: Connection, pieces: readonly Buffer[], seqNum: number): Buffer[] {
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
    const start = encodePduStart(this.#command.id, this.#head(connection.userId), bytes, seqNum);
    return connection.isFramed ? [Buffer.concat([start, ...pieces])] : [start, ...pieces];
  }

  #head(userId: number): Uint8Array {
    const head: Head = { userId, latestUpdateTime: this.#latestUpdateTime };
    // Without entries the list takes no bytes.
    return this.#command.type.encode(head as P).finish();
  }
}

/** Cost of a byte of a list: the full one is encoded once for all, one of changes for whoever asks. */
export function listByteCost({ latestUpdateTime }: Pick<Head, 'latestUpdateTime'>): number {
  return latestUpdateTime === 0 ? costs.sharedByte : costs.responseByte;
}

/** Splits an encoded list between entries into pieces up to Android's limit; a larger entry is a piece of its own. */
function cut(list: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  let begin = 0;
  for (let at = 0; at < list.length; ) {
    const end = entryEnd(list, at);
    if (end - begin > androidListBytes && at > begin) {
      pieces.push(list.subarray(begin, at));
      begin = at;
    }
    at = end;
  }
  if (list.length > begin) pieces.push(list.subarray(begin));
  return pieces;
}

/** Offset of the end of the entry at `at`: a tag, a varint length and that many bytes. */
function entryEnd(list: Buffer, at: number): number {
  if (list[at] !== listTag) throw new Error(`no list entry at byte ${at}`);
  let length = 0;
  let next = at + 1;
  for (let shift = 0; ; shift += 7) {
    const byte = list[next++] ?? 0;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) return next + length;
  }
}
