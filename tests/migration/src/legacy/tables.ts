import { legacyMessageTables } from '@teamtalk/local-stack';
import type { MessageRow } from './rows.js';
import type { LegacySink } from './sink.js';
import { note, type Truth } from './truth.js';

/**
 * Puts the rows of one table of messages in the order of storing, gives them ids with gaps, and writes them.
 * @returns the rows of each conversation
 */
export function storeTable(
  name: string,
  rows: MessageRow[],
  isGroup: boolean,
  sink: LegacySink,
  truth: Truth,
): Map<bigint, MessageRow[]> {
  rows.sort((a, b) => a.stored - b.stored);
  const conversations = new Map<bigint, MessageRow[]>();
  let id = 0;
  for (const row of rows) {
    id += id % 97 === 96 ? 5 : 1;
    row.id = id;
    const { fromId, toId, owner } = row;
    sink.row(name, {
      id,
      ...(isGroup ? { groupId: owner, userId: fromId } : { relateId: owner, fromId, toId }),
      msgId: row.msgId,
      content: row.content,
      type: row.type,
      status: row.status,
      updated: row.created,
      created: row.created,
    });
    note(truth, name, 'leftOut' in row.fate ? row.fate.leftOut : undefined);
    const known = conversations.get(row.conv);
    if (known) known.push(row);
    else conversations.set(row.conv, [row]);
  }
  return conversations;
}

/** What belongs to each of the eight tables. */
export function byTable<T>(all: readonly T[], ownerOf: (each: T) => number): T[][] {
  const tables: T[][] = Array.from({ length: legacyMessageTables }, () => []);
  for (const each of all) tables[ownerOf(each) % legacyMessageTables]!.push(each);
  return tables;
}

export function isShown({ fate }: MessageRow): boolean {
  return 'data' in fate;
}
