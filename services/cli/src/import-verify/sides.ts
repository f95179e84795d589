import type { Fact } from './buckets.js';
import type { MapEntry, NewMessage, OldMessage } from './records.js';

/** The conversations of pairs begin here; below are the ids of groups. */
export const firstPair = 4_294_967_296n;

/** The ids in the old store: of the imported project, and of others. */
export interface KnownIds {
  isUser(id: number): boolean;
  isGroup(id: number): boolean;
  isOtherUser(id: number): boolean;
  isOtherGroup(id: number): boolean;
}

/** All that both stores know of one conversation. */
export interface Sides extends KnownIds {
  conv: bigint;
  old: readonly OldMessage[];
  new: readonly NewMessage[];
  map: readonly MapEntry[];
  /** whether there is a table of changed numbers */
  hasMap: boolean;
  facts: readonly Fact[];
}

/** Whether a conversation belongs to another project. */
export function isOther(conv: bigint, { isOtherUser, isOtherGroup }: KnownIds): boolean {
  return conv < firstPair
    ? isOtherGroup(Number(conv))
    : isOtherUser(Number(conv >> 32n)) || isOtherUser(Number(conv & 0xffff_ffffn));
}

export function nameOf(conv: bigint): string {
  return conv < firstPair ? `group ${conv}` : `users ${conv >> 32n} and ${conv & 0xffff_ffffn}`;
}
