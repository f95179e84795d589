import type { LeftOutReason } from '../import/verification.js';
import type { Buckets } from './buckets.js';
import type { NewStore } from './new-store.js';
import type { OldSounds } from './old-sounds.js';
import type { OldStore } from './old-store.js';
import { digestOf, writeMap, writeNew, writeOld } from './records.js';
import type { KnownIds } from './sides.js';
import type { Tally } from './tally.js';

export const largestId = 2_147_483_647;

interface OldRow {
  id: number;
  owner: number;
  fromId: number;
  toId: number;
  msgId: number;
  /** `digestOf`, as the old database makes it; null of voice messages, whose sound it does not have, and without content */
  digest: Buffer | null;
  /** of voice messages alone: what names the sound */
  sound: Buffer | null;
  type: number;
  status: number;
  created: number;
}

/** The 16 tables of messages; a table's number is its place. */
export const oldTables: readonly string[] = [
  ...Array.from({ length: 8 }, (_, n) => `IMMessage_${n}`),
  ...Array.from({ length: 8 }, (_, n) => `IMGroupMessage_${n}`),
];

export interface ReadMessages extends KnownIds {
  old: OldStore;
  sounds: OldSounds;
  buckets: Buckets;
  tally: Tally;
  onRows(count: number): void;
  signal?: AbortSignal | undefined;
}

/** Brings the messages of the old store that are shown into the buckets, and counts the others by reason. */
export async function readOldMessages(given: ReadMessages): Promise<void> {
  for (const [number, table] of oldTables.entries()) {
    const isGroup = number >= 8;
    const columns = isGroup
      ? 'id, groupId AS owner, userId AS fromId, groupId AS toId'
      : 'id, relateId AS owner, fromId, toId';
    const pages = given.old.pages<OldRow>(
      table,
      `${columns}, msgId, type, status, created,
        IF(type = ${voiceOf(isGroup)}, NULL, UNHEX(SHA2(CONCAT(
          ${isGroup ? 'userId' : 'fromId'}, CHAR(9), created, CHAR(9), type, CHAR(9), CAST(content AS BINARY)), 256))) AS digest,
        IF(type = ${voiceOf(isGroup)}, CAST(content AS BINARY), NULL) AS sound`,
    );
    for await (const rows of pages) {
      given.signal?.throwIfAborted();
      await readPage(given, number, rows);
      given.onRows(rows.length);
    }
  }
}

async function readPage(given: ReadMessages, table: number, rows: readonly OldRow[]): Promise<void> {
  const isGroup = table >= 8;
  const voice = voiceOf(isGroup);
  const shown: OldRow[] = [];
  const recordings = new Set<string>();
  for (const row of rows) {
    const reason = isGroup ? whyNoGroupMessage(row, given) : whyNoPairMessage(row, given);
    if (reason === 'other-project' && row.sound) given.sounds.nameOther(row.sound.toString('latin1'));
    if (reason) given.tally.leftOut(oldTables[table]!, reason);
    else {
      shown.push(row);
      if (row.type === voice) recordings.add(row.sound!.toString('latin1'));
    }
  }
  const sounds = await given.sounds.of(recordings);
  for (const row of shown) {
    const { id, owner, fromId, toId, msgId, type, created } = row;
    const conv = isGroup ? BigInt(owner) : pairOf(fromId, toId);
    const digest = row.digest ?? digestOf(fromId, created, type, sounds.get(row.sound!.toString('latin1'))!);
    given.buckets.add(
      'old',
      conv,
      writeOld({ conv, created, relateId: owner, id, msgId, fromId, type, table, digest }),
    );
  }
}

function voiceOf(isGroup: boolean): number {
  return isGroup ? 18 : 2;
}

/** The first of these that holds. */
function whyNoPairMessage(row: OldRow, { isOtherUser }: KnownIds): LeftOutReason | undefined {
  const { fromId, toId, type, status, digest, sound } = row;
  if (isOtherUser(fromId) || isOtherUser(toId)) return 'other-project';
  if (status !== 0) return 'message-deleted';
  if (fromId === 0 || toId === 0) return 'message-without-pair';
  if (type !== 1 && type !== 2) return 'message-type';
  if ((digest ?? sound) === null) return 'message-null';
  if (fromId === toId) return 'message-to-self';
  return fromId > largestId || toId > largestId ? 'id-too-large' : undefined;
}

function whyNoGroupMessage(row: OldRow, { isGroup, isOtherGroup }: KnownIds): LeftOutReason | undefined {
  const { owner, fromId, type, status, digest, sound } = row;
  if (isOtherGroup(owner)) return 'other-project';
  if (status !== 0) return 'message-deleted';
  if (type !== 17 && type !== 18) return 'message-type';
  if ((digest ?? sound) === null) return 'message-null';
  if (fromId > largestId) return 'id-too-large';
  return isGroup(owner) ? undefined : 'group-gone';
}

/** The number of the conversation of two users. */
export function pairOf(one: number, other: number): bigint {
  return (BigInt(Math.min(one, other)) << 32n) | BigInt(Math.max(one, other));
}

interface NewRow {
  conv: string;
  id: number;
  from_id: number;
  sender_seq: number;
  type: number;
  created: string;
  digest: Buffer;
}

/** Brings the messages of the new store into the buckets, and the numbers that the importer says it changed. */
export async function readNewMessages(
  store: NewStore,
  { buckets, onRows, signal }: Pick<ReadMessages, 'buckets' | 'onRows' | 'signal'>,
): Promise<void> {
  const pages = store.pages<NewRow>(
    `SELECT conv, id, from_id, sender_seq, type, created,
        sha256(convert_to(concat_ws(E'\\t', from_id, trim_scale(created), type, ''), 'UTF8') || data) AS digest
      FROM (SELECT *, extract(epoch FROM created_at) AS created FROM message) AS m`,
  );
  for await (const rows of pages) {
    signal?.throwIfAborted();
    for (const row of rows) {
      const conv = BigInt(row.conv);
      const created = Number(row.created);
      const { id, from_id: fromId, sender_seq: senderSeq, type, digest } = row;
      buckets.add('new', conv, writeNew({ conv, created, id, fromId, senderSeq, type, digest }));
    }
    onRows(rows.length);
  }
  if (!(await store.has('legacy_import.message_map'))) return;
  const changes = store.rows<
    Record<'conv' | 'old_id' | 'legacy_id', string> & Record<'new_id' | 'table_no', number>
  >('SELECT conv, old_id, new_id, table_no, legacy_id FROM legacy_import.message_map');
  for await (const change of changes) {
    const conv = BigInt(change.conv);
    const [oldId, legacyId] = [Number(change.old_id), Number(change.legacy_id)];
    buckets.add(
      'map',
      conv,
      writeMap({ conv, oldId, newId: change.new_id, table: change.table_no, legacyId }),
    );
  }
}
