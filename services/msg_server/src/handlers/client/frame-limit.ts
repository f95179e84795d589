import { ANDROID_FRAME_LIMIT, ClientType } from '@teamtalk/protocol';
import type { Connection } from '../../connection/connection.js';

/** What header and the fields beside the list may take, bytes. */
const reserved = 256;

/** Bytes an answer's list may have for Android. */
export const androidListBytes = ANDROID_FRAME_LIMIT - reserved;

/** Bytes of message data in one answer to clients that have no limit of their own. */
const pcHistoryBytes = 4 * 1024 * 1024;

/** Bytes of message data this client takes in one answer. */
export function historyBytes(connection: Connection): number {
  return Math.min(roomFor(connection), pcHistoryBytes);
}

/** Bytes an answer's list may have for this client. */
function roomFor(connection: Connection): number {
  return connection.clientType === ClientType.ANDROID ? androidListBytes : Number.POSITIVE_INFINITY;
}

/**
 * As many entries from the beginning as fit into one frame of this client: Android refuses those above
 * 400 KiB and would lose its connection (client-behaviour.md#frame-limits).
 * @param bytesOf an upper bound of an entry's encoded size
 */
export function fitting<T>(
  connection: Connection,
  entries: readonly T[],
  bytesOf: (entry: T) => number,
): T[] {
  return pages(connection, entries, bytesOf)[0]!;
}

/** All entries, cut into as many lists as this client's frames need; at least one list, none too large. */
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
