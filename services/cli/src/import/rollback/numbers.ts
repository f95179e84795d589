import type { LegacyWriter } from '../legacy/writer.js';
import type { TargetDatabase } from '../target/database.js';

const rowsTogether = 2_000;

/**
 * Gives messages that got another number with the import that number in the old tables, too: it is the one that clients have by now.
 */
export async function returnNumbers(database: TargetDatabase, writer: LegacyWriter): Promise<void> {
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
}
