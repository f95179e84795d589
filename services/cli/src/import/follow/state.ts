import {
  bringDepartments,
  bringDiscoveryItems,
  bringGroups,
  bringUsers,
  keepAdminAccounts,
  moveIdentity,
} from '../copy/accounts.js';
import { countEmptyRelations, sideOf } from '../copy/conversations.js';
import { leaveOutOtherProjects, otherProjectTable } from '../copy/projects.js';
import { bringDeviceTokens, prepareMembers, prepareSessions, sessionColumns } from '../copy/sessions.js';
import { fillRedisStaging, redisStaging, seenPoolTable } from '../copy/stage-redis.js';
import { fillStaging, stagingTables } from '../copy/stage-tables.js';
import { type StagedTable, stagedTables, stagingOf } from '../copy/staged-tables.js';
import type { LegacyDatabase } from '../legacy/mysql.js';
import type { LegacyPlaces } from '../places.js';
import type { TargetDatabase, TargetSession } from '../target/database.js';
import { firstPair } from '../target/first-pair.js';
import { upsert } from '../target/upsert.js';
import { messagesBefore } from './arrivals.js';
import { forgetConversations, removePlaceholders } from './rebuild.js';

const sessionTables = Object.keys(sessionColumns);

interface Source {
  places: LegacyPlaces;
  legacy: LegacyDatabase;
  database: TargetDatabase;
  /** whether to continue if Redis has lost its keys */
  redisLost?: boolean;
}

/**
 * Reads everything but messages and files again, whole: leaving a group, deleting a user, a department or a discovery item leave no trace
 * by which they could be found. What differs is changed here. Nobody may be on the new servers yet.
 *
 * @param files what needs the staged tables, too, before they are dropped
 */
export async function followState(
  { places, legacy, database, redisLost }: Source,
  files: () => Promise<void>,
): Promise<void> {
  await database.transaction(async (session) => {
    for (const statement of [...stagingTables, ...redisStaging, seenPoolTable, otherProjectTable])
      await session.run(statement);
    for (const [table, columns] of Object.entries(sessionColumns)) {
      await session.run(`DROP TABLE IF EXISTS legacy_import.${table}`);
      await session.run(`CREATE TABLE legacy_import.${table} (${columns})`);
    }
    // Those of messages and images are counted where they are read.
    await session.run(
      `DELETE FROM legacy_import.left_out WHERE name !~ '^IM(Group)?Message_' AND name NOT IN ('msfs', 'IMTransmitFile')`,
    );
    for (const table of Object.keys(stagedTables) as StagedTable[]) await fillStaging(session, legacy, table);
    await fillRedisStaging(session, { places: places.redis, pace: legacy.pace, mayBeLost: redisLost });
    await leaveOutOtherProjects(session, legacy);
  });
  await database.transaction(applyState);
  await files();
  await database.transaction(dropStaging);
}

async function applyState(session: TargetSession): Promise<void> {
  await bringDepartments(session);
  await bringUsers(session);
  await session.run(
    'DELETE FROM legacy_import.placeholder_user p USING legacy_import.imuser u WHERE u.id = p.id',
  );
  await bringGroups(session);
  await bringDiscoveryItems(session);
  await keepAdminAccounts(session);
  await bringDeviceTokens(session);
  await prepareSessions(session);
  await prepareMembers(session);
  await bringMembers(session);
  await updateConversations(session);
  await countEmptyRelations(session);
  await removeOthers(session);
}

/** Members, with what they have read; a member who has not joined anew keeps where they joined. */
async function bringMembers(session: TargetSession): Promise<void> {
  const columns = ['group_id', 'user_id', 'joined_at', 'join_msg_id', 'read_id', 'removed_id', 'shield'];
  await session.run(`
    DELETE FROM group_member g
    WHERE NOT EXISTS (SELECT FROM legacy_import.member m WHERE m.conv = g.group_id AND m.user_id = g.user_id)`);
  await upsert(
    session,
    { table: 'group_member', key: ['group_id', 'user_id'], columns },
    `
    SELECT m.conv, m.user_id, to_timestamp(m.joined), p.before, last.id - u.unread,
      CASE WHEN u.unread > 0 OR EXISTS (
        SELECT FROM legacy_import.session s WHERE s.conv = m.conv AND s.user_id = m.user_id) THEN 0 ELSE last.id END,
      m.shield
    FROM legacy_import.member m
    LEFT JOIN group_member g ON g.group_id = m.conv AND g.user_id = m.user_id
    LEFT JOIN conversation c ON c.conv = m.conv
    CROSS JOIN LATERAL (SELECT CASE WHEN g.joined_at = to_timestamp(m.joined) THEN g.join_msg_id
      ELSE ${messagesBefore('m.conv', 'to_timestamp(m.joined)')} END AS before) p
    CROSS JOIN LATERAL (SELECT coalesce(c.last_id, 0) AS id) last
    CROSS JOIN LATERAL (SELECT least(m.unread, last.id - p.before)::int4 AS unread) u`,
  );
}

async function updateConversations(session: TargetSession): Promise<void> {
  await session.run(`
    UPDATE conversation c SET low_seen = w.low_seen, low_read = w.low_read, low_removed = w.low_removed,
      high_seen = w.high_seen, high_read = w.high_read, high_removed = w.high_removed
    FROM (
      SELECT c.conv, low.seen AS low_seen, low.read AS low_read, low.removed AS low_removed,
        high.seen AS high_seen, high.read AS high_read, high.removed AS high_removed
      FROM conversation c
      CROSS JOIN LATERAL (${sideOf('low')}) AS low
      CROSS JOIN LATERAL (${sideOf('high')}) AS high
      WHERE c.conv >= ${firstPair}
    ) AS w
    WHERE c.conv = w.conv AND ROW(c.low_seen, c.low_read, c.low_removed, c.high_seen, c.high_read, c.high_removed)
      IS DISTINCT FROM ROW(w.low_seen, w.low_read, w.low_removed, w.high_seen, w.high_read, w.high_removed)`);
}

/** Removes what the old store does not have any more. Who wrote messages stays as somebody who has left. */
async function removeOthers(session: TargetSession): Promise<void> {
  await session.run(`
    DELETE FROM device_token t WHERE NOT EXISTS (
      SELECT FROM legacy_import.redis_device d
      JOIN legacy_import.imuser u ON u.id = d.user_id
      WHERE d.user_id = t.user_id AND d.client_type = t.client_type)`);
  await session.run(`
    DELETE FROM discovery_item i WHERE NOT EXISTS (
      SELECT FROM legacy_import.imdiscovery d WHERE d.id = i.id AND status = 0 AND itemname <> '' AND itemurl <> '')`);
  await session.run(
    'DELETE FROM department d WHERE NOT EXISTS (SELECT FROM legacy_import.imdepart o WHERE o.id = d.id)',
  );
  await removeGroups(session);
  const gone = await session.rows<{ id: number }>(`
    SELECT id FROM im_user u WHERE NOT EXISTS (SELECT FROM legacy_import.imuser o WHERE o.id = u.id)
      AND NOT EXISTS (SELECT FROM legacy_import.placeholder_user p WHERE p.id = u.id)`);
  if (gone.length > 0)
    await removeUsers(
      session,
      gone.map(({ id }) => id),
    );
  await moveIdentity(session, 'im_user');
}

/** Removes groups that no longer exist with their messages, as the copy leaves these out. */
async function removeGroups(session: TargetSession): Promise<void> {
  const gone = await session.rows<{ id: string }>(`
    DELETE FROM chat_group g WHERE NOT EXISTS (SELECT FROM legacy_import.imgroup o WHERE o.id = g.id) RETURNING g.id::text`);
  if (gone.length === 0) return;
  await forgetConversations(
    session,
    gone.map(({ id }) => id),
  );
  await removePlaceholders(session);
}

async function removeUsers(session: TargetSession, ids: number[]): Promise<void> {
  await session.run(
    `WITH named AS (
      SELECT id FROM unnest($1::int4[]) AS gone (id)
      WHERE EXISTS (SELECT FROM conversation c WHERE c.conv >= ${firstPair} AND (c.conv >> 32 = id OR c.conv & 4294967295 = id))
        OR EXISTS (SELECT FROM message m WHERE m.conv < ${firstPair} AND m.from_id = id)
    ), kept AS (
      UPDATE im_user u SET name = 'gone#' || u.id, password_hash = '', legacy_salt = NULL, status = 3, nick_name = '',
        real_name = '', avatar_url = '' FROM named n WHERE n.id = u.id
    )
    INSERT INTO legacy_import.placeholder_user (id) SELECT id FROM named`,
    [ids],
  );
  await session.run('DELETE FROM file_task WHERE from_id = ANY ($1) OR to_id = ANY ($1)', [ids]);
  await session.run(
    `DELETE FROM im_user u WHERE id = ANY ($1)
      AND NOT EXISTS (SELECT FROM legacy_import.placeholder_user p WHERE p.id = u.id)`,
    [ids],
  );
}

/** What was staged holds passwords, and is read anew the next time. */
async function dropStaging(session: TargetSession): Promise<void> {
  const tables = [
    ...(Object.keys(stagedTables) as StagedTable[]).map(stagingOf),
    ...sessionTables.map((table) => `legacy_import.${table}`),
    'legacy_import.other_project',
  ];
  await session.run(`DROP TABLE ${tables.join(', ')}`);
  const redis = await session.rows<{ name: string }>(`
    SELECT relname AS name FROM pg_class
    WHERE relnamespace = 'legacy_import'::regnamespace AND relkind = 'r' AND relname ~ '^redis_'`);
  await session.run(`DROP TABLE ${redis.map(({ name }) => `legacy_import.${name}`).join(', ')}`);
}
