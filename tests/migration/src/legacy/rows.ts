import { createHash } from 'node:crypto';
import type { ShownMessage } from './sink.js';

/** One row of a table of messages, and what becomes of it. */
export interface MessageRow {
  /** relate id, or group */
  owner: number;
  fromId: number;
  toId: number;
  msgId: number;
  content: string | null;
  type: number;
  status: number;
  created: number;
  /** seconds, the order of storing */
  stored: number;
  fate: { data: Buffer } | { leftOut: string };
  conv: bigint;
  /** given when the table is put in order */
  id: number;
}

/** The number that a counter which cannot be reached gives. */
export const noNumber = 4_294_967_295;

export function pairConv(one: number, other: number): bigint {
  return (BigInt(Math.min(one, other)) << 32n) | BigInt(Math.max(one, other));
}

/** The order in which the old server shows the messages of a conversation, the oldest first. */
export function inOrder(rows: MessageRow[]): MessageRow[] {
  return [...rows].sort((a, b) => a.created - b.created || a.owner - b.owner || a.id - b.id);
}

/** SHA-256 over the digests of the messages. */
export function hashOf(shown: readonly MessageRow[]): string {
  const whole = createHash('sha256');
  for (const { fromId, created, type, fate } of shown) {
    const digest = createHash('sha256').update(`${fromId}\t${created}\t${type}\t`);
    whole.update(digest.update((fate as { data: Buffer }).data).digest());
  }
  return whole.digest('hex');
}

/** The first position whose number old clients know otherwise; 0: none. */
export function renumberedFrom(shown: readonly MessageRow[]): number {
  return shown.findIndex(({ msgId }, index) => msgId !== index + 1) + 1;
}

/** What a message that is shown has to become. */
export function shownMessage({ fromId, type, created, fate, msgId, owner, id }: MessageRow): ShownMessage {
  const table = (owner % 8) + (type > 16 ? 8 : 0);
  return { fromId, type, created, data: (fate as { data: Buffer }).data, msgId, table, id };
}
