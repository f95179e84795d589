import type { LegacyWriter } from '../legacy/writer.js';
import type { TargetDatabase } from '../target/database.js';
import { firstPair } from '../target/first-pair.js';
import { areNumbersReturned, noteNumbers } from './stopped.js';

const rowsTogether = 2_000;
const conversationsTogether = 500;

/**
 * Applies the numbers that messages got in the import to the old tables, because clients have seen the new numbers by now.
 * Runs once, since the numbers do not change afterwards.
 */
export async function returnNumbers(database: TargetDatabase, writer: LegacyWriter): Promise<void> {
  if (await areNumbersReturned(writer)) return;
  for (let table = 0; table < 16; table++) {
    const name = table < 8 ? `IMMessage_${table}` : `IMGroupMessage_${table - 8}`;
    for (let after = -1; ; ) {
      const page = await database.rows<{ legacy_id: number; new_id: number }>(
        `SELECT legacy_id::float8 AS legacy_id, new_id FROM legacy_import.message_map
          WHERE table_no = $1 AND legacy_id > $2 ORDER BY legacy_id LIMIT ${rowsTogether}`,
        [table, after],
      );
      if (page.length === 0) break;
      const cases = page.map(({ legacy_id: id, new_id: number }) => `WHEN ${id} THEN ${number}`).join(' ');
      const ids = page.map(({ legacy_id: id }) => id).join(', ');
      await writer.run(`UPDATE ${name} SET msgId = CASE id ${cases} END WHERE id IN (${ids})`);
      after = page.at(-1)!.legacy_id;
    }
  }
  await returnCounters(database, writer);
  await noteNumbers(writer);
}

/** The old servers take the next number from Redis, so a counter that is behind would assign a number twice. */
async function returnCounters(database: TargetDatabase, writer: LegacyWriter): Promise<void> {
  const { unread } = writer.redis;
  for (let after = '-1'; ; ) {
    const page = await database.rows<{ conv: string; last_id: number }>(
      `SELECT c.conv::text, c.last_id FROM conversation c
        WHERE c.conv > $1 AND EXISTS (SELECT FROM legacy_import.message_map m WHERE m.conv = c.conv)
        ORDER BY c.conv LIMIT ${conversationsTogether}`,
      [after],
    );
    if (page.length === 0) return;
    const relations = await relationsOf(
      writer,
      page.map(({ conv }) => BigInt(conv)).filter((conv) => conv >= firstPair),
    );
    const lastIds = new Map(
      page.flatMap(({ conv, last_id: last }): [string, number][] => {
        if (BigInt(conv) < firstPair) return [[`group_msg_id_${conv}`, last]];
        const relation = relations.get(conv);
        return relation === undefined ? [] : [[`msg_id_${relation}`, last]];
      }),
    );
    const keys = [...lastIds.keys()];
    const counters = keys.length === 0 ? [] : await unread.mget(keys);
    for (const [at, key] of keys.entries()) {
      const last = lastIds.get(key)!;
      if (Number(counters[at] ?? 0) < last) await unread.set(key, last);
    }
    after = page.at(-1)!.conv;
  }
}

/** The relation that the old servers use for each pair: the most recently changed one. */
async function relationsOf(writer: LegacyWriter, convs: readonly bigint[]): Promise<Map<string, number>> {
  if (convs.length === 0) return new Map();
  const rows = await writer.rows<{ id: number; smallId: number; bigId: number }>(
    `SELECT id, smallId, bigId FROM IMRelationShip
      WHERE status = 0 AND (smallId, bigId) IN (${convs.map(() => '(?, ?)').join(', ')}) ORDER BY updated, id`,
    convs.flatMap((conv) => [Number(conv >> 32n), Number(conv & 0xffff_ffffn)]),
  );
  return new Map(
    rows.map(({ id, smallId, bigId }) => [String((BigInt(smallId) << 32n) | BigInt(bigId)), id]),
  );
}
