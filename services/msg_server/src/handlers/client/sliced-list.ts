import { setImmediate as turn } from 'node:timers/promises';
import { type Command, encodePduStart } from '@teamtalk/protocol';
import type { Connection } from '../../connection/connection.js';

/** Entries encoded in one turn of the event loop, which takes a millisecond or two. */
const sliceLength = 2_000;

/**
 * A response with a long list, encoded slice by slice with turns of the event loop between, so that other clients do not
 * wait for the whole list.
 * @param head the response without the list; all its fields come before the list
 * @param withList the response's `list` field alone
 * @returns the buffers to write, in order
 */
export async function encodeSliced<P extends object, T>(
  connection: Connection,
  command: Command<object, P>,
  head: NoInfer<P>,
  entries: readonly T[],
  withList: (slice: T[]) => NoInfer<P>,
  seqNum: number,
): Promise<Buffer[]> {
  const start = command.type.encode(head).finish();
  const slices: Uint8Array[] = [];
  let bytes = 0;
  for (let at = 0; at < entries.length; at += sliceLength) {
    if (at > 0) await turn();
    const encoded = command.type.encode(withList(entries.slice(at, at + sliceLength))).finish();
    // The same fields come before the list in each.
    const slice = encoded.subarray(start.length);
    slices.push(slice);
    bytes += slice.length;
  }
  const first = encodePduStart(command.id, start, bytes, seqNum);
  const all = [first, ...slices.map((slice) => Buffer.from(slice.buffer, slice.byteOffset, slice.length))];
  return connection.isFramed || all.length === 1 ? [Buffer.concat(all)] : all;
}
