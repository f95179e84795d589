import type { LegacyWriter } from '../legacy/writer.js';
import type { TargetDatabase } from '../target/database.js';
import { firstPair } from '../target/first-pair.js';

/** A user's view of a conversation that changed since the cutover. */
interface View {
  conv: string;
  user_id: number;
  peer_id: number;
  is_group: boolean;
  last_id: number;
  last_at: number;
  unread: number;
  is_shown: boolean;
  relate_id: string | null;
}

/** Writes sessions, unread counts and the counters of numbers of every conversation that changed since the cutover. */
export async function returnSessions(database: TargetDatabase, writer: LegacyWriter): Promise<void> {
  const relations = new Map(
    (
      await writer.rows<{ conv: string; relate_id: number }>(
        'SELECT CAST(conv AS CHAR) AS conv, relate_id FROM teamtalk_returned',
      )
    ).map(({ conv, relate_id: id }) => [conv, id]),
  );
  const views = await database.rows<View>(changedViews);
  const counted = new Set<string>();
  for (const view of views) {
    if (!counted.has(view.conv)) {
      counted.add(view.conv);
      await returnCounters(writer, view, relations.get(view.conv));
    }
    await returnView(writer, view);
  }
}

const side = (user: string, peer: string, unread: string, removed: string) => `
  SELECT c.conv, (${user})::int4 AS user_id, (${peer})::int4 AS peer_id, false AS is_group, c.last_id,
    floor(extract(epoch FROM c.last_at))::float8 AS last_at, ${unread} AS unread, c.last_id > ${removed} AS is_shown
  FROM conversation c LEFT JOIN legacy_import.before_conversation b ON b.conv = c.conv
  WHERE c.conv >= ${firstPair} AND to_jsonb(c) IS DISTINCT FROM to_jsonb(b)`;

const changedViews = `
  ${side('c.conv >> 32', 'c.conv & 4294967295', 'c.last_id - c.low_sent - c.low_seen', 'c.low_removed')}
  UNION ALL
  ${side('c.conv & 4294967295', 'c.conv >> 32', 'c.low_sent - c.high_seen', 'c.high_removed')}
  UNION ALL
  SELECT g.group_id, g.user_id, g.group_id, true, c.last_id, floor(extract(epoch FROM c.last_at))::float8,
    c.last_id - greatest(g.read_id, g.join_msg_id), c.last_id > greatest(g.removed_id, g.join_msg_id)
  FROM conversation c JOIN group_member g ON g.group_id = c.conv
  WHERE EXISTS (
    SELECT FROM group_member n FULL JOIN legacy_import.before_group_member m USING (group_id, user_id)
    WHERE group_id = c.conv AND ROW(n.read_id, n.removed_id, n.join_msg_id) IS DISTINCT FROM ROW(m.read_id, m.removed_id, m.join_msg_id))
    OR c.last_id > coalesce((SELECT b.last_id FROM legacy_import.before_conversation b WHERE b.conv = c.conv), 0)
  ORDER BY conv`;

async function returnCounters(writer: LegacyWriter, view: View, relateId: number | undefined): Promise<void> {
  const { unread } = writer.redis;
  if (!view.is_group) {
    if (relateId) await unread.set(`msg_id_${relateId}`, view.last_id);
    return;
  }
  await unread.set(`group_msg_id_${view.conv}`, view.last_id);
  await unread.hset(`${view.conv}_im_group_msg`, 'count', view.last_id);
  await writer.run('UPDATE IMGroup SET lastChated = ? WHERE id = ?', [view.last_at, view.conv]);
}

async function returnView(writer: LegacyWriter, view: View): Promise<void> {
  const { user_id: user, peer_id: peer, unread, is_shown: isShown } = view;
  const counts = writer.redis.unread;
  if (view.is_group) {
    await counts.hset(`${user}_${peer}_im_user_group`, 'count', view.last_id - Math.max(0, unread));
  } else if (unread > 0) {
    await counts.hset(`unread_${user}`, String(peer), unread);
  } else {
    await counts.hdel(`unread_${user}`, String(peer));
  }
  const type = view.is_group ? 2 : 1;
  const { affectedRows } = await writer.run(
    'UPDATE IMRecentSession SET status = ?, updated = ? WHERE userId = ? AND peerId = ? AND type = ?',
    [isShown ? 0 : 1, view.last_at, user, peer, type],
  );
  if (affectedRows > 0 || !isShown) return;
  await writer.run(
    'INSERT INTO IMRecentSession (userId, peerId, type, status, created, updated) VALUES (?, ?, ?, 0, ?, ?)',
    [user, peer, type, view.last_at, view.last_at],
  );
}
