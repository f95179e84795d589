import type { ImportStep } from '@teamtalk/administration';
import type { LegacyPlaces } from '../import/places.js';
import type { ImportedPlaces, VerificationProgress, Verify } from '../import/verification.js';
import { inLanes } from '../in-lanes.js';
import { Buckets } from './buckets.js';
import { judgeConversation } from './judge-conversation.js';
import { judgeImages, judgeOfflineFiles } from './judge-files.js';
import { judgeLists } from './judge-lists.js';
import { judgeUsers } from './judge-users.js';
import { NewStore } from './new-store.js';
import { OldSounds } from './old-sounds.js';
import { OldStore } from './old-store.js';
import { readNewFacts, readOldFacts } from './read-facts.js';
import { largestId, oldTables, readNewMessages, readOldMessages } from './read-messages.js';
import { mapEntries, newConversations, oldConversations } from './records.js';
import { firstPair, type KnownIds } from './sides.js';
import { Tally } from './tally.js';

/**
 * Reads both stores whole and compares them; shares no code with the importer. Of the importer's records it reads only which
 * numbers of messages it says it changed.
 *
 * Memory: the ids of users and groups, and of the messages one bucket of about 250,000. Disk: 128 bytes a message in the
 * temporary folder.
 */
export const verify: Verify = async (
  legacy,
  imported,
  { onProgress = () => {}, signal, rest = async () => {}, isLimited = false },
) => {
  const begin = performance.now();
  const old = await OldStore.open(legacy, rest);
  const store = await NewStore.open(imported.database, rest).catch(async (error) => {
    await old.close();
    throw error;
  });
  try {
    const tally = new Tally();
    await compareAll({ legacy, imported, old, store, tally, onProgress, signal, isLimited });
    return tally.result((performance.now() - begin) / 1_000);
  } finally {
    await old.close();
    await store.close();
  }
};

/** Files that are read at a time. */
const filesTogether = 8;

interface Both {
  legacy: LegacyPlaces;
  imported: ImportedPlaces;
  old: OldStore;
  store: NewStore;
  tally: Tally;
  onProgress(progress: VerificationProgress): void;
  signal: AbortSignal | undefined;
  isLimited: boolean;
}

async function compareAll(both: Both): Promise<void> {
  const { legacy, imported, old, store, tally, onProgress, isLimited } = both;
  const users = await idsOf(old, 'IMUser');
  const groups = await idsOf(old, 'IMGroup');
  const known: KnownIds = {
    isUser: (id) => users.own.has(id),
    isGroup: (id) => groups.own.has(id),
    isOtherUser: (id) => users.others.has(id),
    isOtherGroup: (id) => groups.others.has(id),
  };
  const needed = await compareConversations(both, known);
  const step = (name: ImportStep) => onProgress({ step: name, done: 0, total: 0 });
  step('verify-users');
  await judgeUsers(old, store, needed, tally);
  step('verify-lists');
  await judgeLists(old, store, tally, known);
  await judgeIdentities(store, tally);
  const counted = (name: ImportStep) => (done: number, total: number) =>
    onProgress({ step: name, done, total });
  const files = { rest: old.rest, read: imported.readBlob, tally, lanes: isLimited ? 1 : filesTogether };
  if (legacy.images) await judgeImages(legacy.images, { ...files, onFile: counted('verify-images') });
  if (legacy.offlineFiles) {
    const onFile = counted('verify-offline-files');
    await judgeOfflineFiles(legacy.offlineFiles, old, store, { ...files, ...known, onFile });
  }
}

/** @returns the users whom conversations name and who have no row in IMUser */
async function compareConversations(
  { legacy, old, store, tally, onProgress, signal, isLimited }: Both,
  known: KnownIds,
): Promise<Set<number>> {
  const total = await countMessages(old);
  const buckets = new Buckets(total);
  try {
    let done = 0;
    const onRows = (count: number) => {
      done += count;
      onProgress({ step: 'verify-messages', done, total: 2 * total });
    };
    const sounds = new OldSounds(old, legacy.images, isLimited ? 1 : filesTogether);
    const used = new Set<number>();
    const there = () => readOldMessages({ old, sounds, buckets, tally, ...known, onRows, signal });
    const here = () => readNewMessages(store, { buckets, onRows, signal });
    await inLanes(isLimited ? 1 : 2, [there, here], (read) => read());
    await readOldFacts(old, buckets, tally);
    await readNewFacts(store, buckets);
    await sounds.count(tally);
    const hasMap = await store.has('legacy_import.message_map');
    for (let bucket = 0; bucket < buckets.count; bucket++) {
      signal?.throwIfAborted();
      onProgress({ step: 'verify-conversations', done: bucket, total: buckets.count });
      compareBucket(buckets.read(bucket), { tally, hasMap, ...known, used });
    }
    return used;
  } finally {
    buckets.remove();
  }
}

interface Known extends KnownIds {
  tally: Tally;
  hasMap: boolean;
  used: Set<number>;
}

function compareBucket(
  { records, facts }: ReturnType<Buckets['read']>,
  { tally, used, ...known }: Known,
): void {
  const old = oldConversations(records.old);
  const ours = newConversations(records.new);
  const maps = mapEntries(records.map);
  for (const conv of new Set([...old.keys(), ...ours.keys(), ...maps.keys(), ...facts.keys()])) {
    const messages = old.get(conv) ?? [];
    judgeConversation(
      {
        conv,
        old: messages,
        new: ours.get(conv) ?? [],
        map: maps.get(conv) ?? [],
        facts: facts.get(conv) ?? [],
        ...known,
      },
      tally,
    );
    if (messages.length === 0) continue;
    const writers =
      conv < firstPair
        ? messages.map(({ fromId }) => fromId)
        : [Number(conv >> 32n), Number(conv & 0xffff_ffffn)];
    for (const id of writers) if (id > 0 && !known.isUser(id)) used.add(id);
  }
}

/** An id that is drawn next must be one that nobody has: COPY with ids does not move the sequences. */
async function judgeIdentities(store: NewStore, tally: Tally): Promise<void> {
  for (const table of ['im_user', 'chat_group', 'department', 'discovery_item']) {
    const [row] = await store.query<{ last: string; largest: number }>(`
      SELECT (SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM ${table}_id_seq) AS last,
        (SELECT coalesce(max(id), 0) FROM ${table}) AS largest`);
    tally.compare('ids that are given next', Number(row!.last) >= row!.largest, () => {
      return `${table}: ${row!.last} was the last, ${row!.largest} is used`;
    });
  }
}

async function idsOf(old: OldStore, table: string): Promise<{ own: Set<number>; others: Set<number> }> {
  const ids = { own: new Set<number>(), others: new Set<number>() };
  for await (const row of old.rows<{ id: number; other: number }>(table, `id, ${old.other(table)}`)) {
    if (row.other) ids.others.add(row.id);
    else if (row.id <= largestId) ids.own.add(row.id);
  }
  return ids;
}

async function countMessages(old: OldStore): Promise<number> {
  let count = 0;
  for (const table of oldTables) {
    if (!old.hasTable(table)) continue;
    const [row] = await old.query<{ n: number | null }>(`SELECT MAX(id) AS n FROM ${table}`);
    count += row!.n ?? 0;
  }
  return count;
}
