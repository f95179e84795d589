import type { Fact } from './buckets.js';
import type { MapEntry, NewMessage, OldMessage } from './records.js';

/** The conversations of pairs begin here; below are the ids of groups. */
export const firstPair = 4_294_967_296n;

/** All that both stores know of one conversation. */
export interface Sides {
  conv: bigint;
  old: readonly OldMessage[];
  new: readonly NewMessage[];
  map: readonly MapEntry[];
  /** whether there is a table of changed numbers */
  hasMap: boolean;
  facts: readonly Fact[];
  isUser(id: number): boolean;
  isGroup(id: number): boolean;
}

export function nameOf(conv: bigint): string {
  return conv < firstPair ? `group ${conv}` : `users ${conv >> 32n} and ${conv & 0xffff_ffffn}`;
}
