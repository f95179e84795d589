import type { LegacyDatabase } from '../legacy/mysql.js';
import { chunksOf } from '../target/copy-text.js';
import type { TargetSession } from '../target/database.js';
import { recordLeftOut } from '../target/left-out.js';

/** Users and groups of other projects, when only one of several is imported. */
export const otherProjectTable = `CREATE TABLE IF NOT EXISTS legacy_import.other_project (
  is_group bool, id int8, PRIMARY KEY (is_group, id))`;

/** Staging tables that refer to users or groups, and by which columns. Rows of other projects are left out. */
const named: readonly [staging: string, name: string, users: readonly string[], groups: readonly string[]][] =
  [
    ['imgroupmember', 'IMGroupMember', ['userid'], ['groupid']],
    ['imrelationship', 'IMRelationShip', ['smallid', 'bigid'], []],
    ['imtransmitfile', 'IMTransmitFile', ['fromid', 'toid'], []],
    ['redis_device', 'redis', ['user_id'], []],
  ];

/**
 * Deletes staged rows that belong to other projects, if only one is imported. The departments, users, groups and discovery
 * items of other projects were not staged in the first place.
 */
export async function leaveOutOtherProjects(session: TargetSession, legacy: LegacyDatabase): Promise<void> {
  if (legacy.project === undefined) return;
  await session.run('DELETE FROM legacy_import.other_project');
  for (const [table, isGroup] of [
    ['IMUser', false],
    ['IMGroup', true],
  ] as const) {
    const ids = await legacy.rows<[number]>(`SELECT id FROM ${table} WHERE ${legacy.isOther(table)}`);
    await session.copy('legacy_import.other_project', chunksOf(ids.map(([id]) => `${isGroup}\t${id}\n`)));
  }
  await session.run('ANALYZE legacy_import.other_project');
  for (const [staging, name, users, groups] of named) {
    const conditions = [
      ...users.map((column) => other(`NOT is_group AND id = s.${column}`)),
      ...groups.map((column) => other(`is_group AND id = s.${column}`)),
    ];
    const count = await session.run(
      `DELETE FROM legacy_import.${staging} s WHERE ${conditions.join(' OR ')}`,
    );
    await recordLeftOut(session, name, 'other-project', count);
  }
}

function other(which: string): string {
  return `EXISTS (SELECT FROM legacy_import.other_project WHERE ${which})`;
}
