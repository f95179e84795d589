import type { LegacyWriter } from '../legacy/writer.js';
import type { TargetDatabase } from '../target/database.js';

interface Change {
  group_id: number;
  user_id: number;
  /** undefined here: not a member any more */
  joined: number | null;
  joined_before: number | null;
  shield: boolean | null;
}

/** Writes who joined and left groups since the cutover, into MySQL and into Redis. */
export async function returnMembers(database: TargetDatabase, writer: LegacyWriter): Promise<void> {
  const changes = await database.rows<Change>(`
    SELECT group_id, user_id, floor(extract(epoch FROM n.joined_at))::float8 AS joined,
      floor(extract(epoch FROM b.joined_at))::float8 AS joined_before, n.shield
    FROM group_member n FULL JOIN legacy_import.before_group_member b USING (group_id, user_id)
    LEFT JOIN legacy_import.returned_row r ON r.kind = 'group_member' AND r.key = group_id || '/' || user_id
    WHERE ROW(n.joined_at, n.shield) IS DISTINCT FROM ROW(b.joined_at, b.shield) OR r.key IS NOT NULL
    UNION ALL
    SELECT split_part(r.key, '/', 1)::int4, split_part(r.key, '/', 2)::int4, NULL, NULL, NULL
    FROM legacy_import.returned_row r WHERE r.kind = 'group_member'
      AND NOT EXISTS (SELECT FROM group_member n WHERE r.key = n.group_id || '/' || n.user_id)
      AND NOT EXISTS (SELECT FROM legacy_import.before_group_member b WHERE r.key = b.group_id || '/' || b.user_id)`);
  if (changes.length === 0) return;
  await database.rows(
    `INSERT INTO legacy_import.returned_row (kind, key, columns)
      SELECT 'group_member', key, '{}' FROM unnest($1::text[]) AS k (key) ON CONFLICT DO NOTHING`,
    [changes.map(({ group_id: group, user_id: user }) => `${group}/${user}`)],
  );
  for (const { group_id: group, user_id: user, joined, shield } of changes) {
    if (joined === null) {
      await writer.run('UPDATE IMGroupMember SET status = 1 WHERE groupId = ? AND userId = ?', [group, user]);
      await writer.redis.group_member.hdel(`group_member_${group}`, String(user));
      continue;
    }
    const { affectedRows } = await writer.run(
      'UPDATE IMGroupMember SET status = 0, updated = ? WHERE groupId = ? AND userId = ?',
      [joined, group, user],
    );
    if (affectedRows === 0) {
      await writer.run(
        'INSERT INTO IMGroupMember (groupId, userId, status, created, updated) VALUES (?, ?, 0, ?, ?)',
        [group, user, joined, joined],
      );
    }
    await writer.redis.group_member.hset(`group_member_${group}`, String(user), joined);
    await writer.redis.group_set.hset(`group_set_${group}`, `${user}_1`, shield ? 1 : 0);
  }
  for (const group of new Set(changes.map(({ group_id: id }) => id))) {
    await writer.run(
      `UPDATE IMGroup SET userCnt = (SELECT COUNT(DISTINCT userId) FROM IMGroupMember WHERE groupId = ? AND status = 0)
        WHERE id = ?`,
      [group, group],
    );
  }
}
