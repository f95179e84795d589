import { ANDROID_FRAME_LIMIT, ClientType } from '@teamtalk/protocol';
import type { Connection } from '../../connection/connection.js';

/** Bytes reserved for the header and the fields besides the list. */
const reserved = 256;

/** Bytes of a response's list at most for Android. */
export const androidListBytes = ANDROID_FRAME_LIMIT - reserved;

/** Bytes of message data in one response at most for clients without a limit of their own. */
const pcHistoryBytes = 4 * 1024 * 1024;

/** Bytes of message data in one response at most for this client. */
export function historyBytes(connection: Connection): number {
  return Math.min(roomFor(connection), pcHistoryBytes);
}

/** Bytes of a response's list at most for this client. */
function roomFor(connection: Connection): number {
  return connection.clientType === ClientType.ANDROID ? androidListBytes : Number.POSITIVE_INFINITY;
}

/**
 * The first entries, as many as fit into one frame of this client: Android drops the connection on frames above
 * 400 KiB (client-behaviour.md#frame-limits).
 * @param bytesOf an upper bound of an entry's encoded size
 */
export function fitting<T>(
  connection: Connection,
  entries: readonly T[],
  bytesOf: (entry: T) => number,
): T[] {
  const room = roomFor(connection);
  if (room === Number.POSITIVE_INFINITY) return [...entries];
  const result: T[] = [];
  let used = 0;
  for (const entry of entries) {
    const bytes = bytesOf(entry);
    if (bytes > room) continue;
    used += bytes;
    if (used > room) break;
    result.push(entry);
  }
  return result;
}

/**
 * All entries, split into lists that fit this client's frames; at least one list. Entries that alone do not fit are
 * left out.
 */
export function pages<T>(
  connection: Connection,
  entries: readonly T[],
  bytesOf: (entry: T) => number,
): T[][] {
  const room = roomFor(connection);
  if (room === Number.POSITIVE_INFINITY) return [[...entries]];
  const result: T[][] = [[]];
  let used = 0;
  for (const entry of entries) {
    const bytes = bytesOf(entry);
    if (bytes > room) continue;
    if (used + bytes > room) {
      result.push([]);
      used = 0;
    }
    result.at(-1)!.push(entry);
    used += bytes;
  }
  return result;
}
