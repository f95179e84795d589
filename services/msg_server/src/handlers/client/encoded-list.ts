import { ClientType, type Command, encodePduStart } from '@teamtalk/protocol';
import type { Connection } from '../../connection/connection.js';
import { androidListBytes } from './frame-limit.js';

/** What stands before the list in 0x0209 and 0x0211. */
interface Head {
  userId: number;
  latestUpdateTime: number;
}

/** Field 3 of both, with a length. */
const listTag = (3 << 3) | 2;

/**
 * The answer to 0x0208 or 0x0210, encoded once for everybody who gets it: ten thousand users are 400 KB. Only the
 * head is each one's own; the list is written to any number of sockets and copied for none.
 */
export class EncodedList<P extends Head> {
  readonly #command: Command<object, P>;
  readonly #latestUpdateTime: number;
  /** The list's bytes, cut where Android's frames end (client-behaviour.md#frame-limits). */
  readonly #pieces: Buffer[];

  /** @param body with the list, for nobody in particular: `userId` 0 */
  constructor(command: Command<object, P>, body: NoInfer<P>) {
    this.#command = command;
    this.#latestUpdateTime = body.latestUpdateTime;
    const head = this.#head(0);
    this.#pieces = cut(Buffer.from(command.type.encode(body).finish().subarray(head.length)));
  }

  /**
   * One PDU; several of the same seq_num only for Android and only where one does not fit. Entries that Android could not
   * take by themselves are left out for it.
   * @returns what is to be written, in order
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
    // Without a list, which is one without entries.
    return this.#command.type.encode(head as P).finish();
  }
}

/** Cuts an encoded list between its entries, each piece as large as Android takes; a larger entry is a piece by itself. */
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

/** Where the entry that begins here ends: a tag, a length of seven bits a byte, so many bytes. */
function entryEnd(list: Buffer, at: number): number {
  if (list[at] !== listTag) throw new Error(`no list entry at ${at}`);
  let length = 0;
  let next = at + 1;
  for (let shift = 0; ; shift += 7) {
    const byte = list[next++] ?? 0;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) return next + length;
  }
}
