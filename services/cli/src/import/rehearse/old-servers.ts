import { setTimeout as sleep } from 'node:timers/promises';
import type { LegacyWriter } from '../legacy/writer.js';

/** Conversations that messages are written to. */
const most = 100;

interface Pair {
  id: number;
  smallId: number;
  bigId: number;
}

interface Member {
  groupId: number;
  userId: number;
}

/**
 * Writes messages into a copy of the old store as the old servers do, until `signal` aborts.
 *
 * @param content for the `content` column
 * @returns number of messages; 0 if there is no conversation to write to
 */
export async function workAsOldServers(
  writer: LegacyWriter,
  { content, perSecond, signal }: { content: string; perSecond: number; signal: AbortSignal },
): Promise<number> {
  const pairs = await writer.rows<Pair>(
    `SELECT r.id, r.smallId, r.bigId FROM IMRelationShip r JOIN IMUser s ON s.id = r.smallId JOIN IMUser b ON b.id = r.bigId
      WHERE r.status = 0 AND r.smallId <> r.bigId AND s.status = 0 AND b.status = 0 ORDER BY r.updated DESC, r.id DESC LIMIT ${most}`,
  );
  const members = await writer.rows<Member>(
    `SELECT m.groupId, MAX(m.userId) AS userId FROM IMGroupMember m JOIN IMGroup g ON g.id = m.groupId
      JOIN IMUser u ON u.id = m.userId WHERE m.status = 0 AND u.status = 0 GROUP BY m.groupId LIMIT ${most}`,
  );
  const work = [
    ...pairs.map((pair, at) => () => sendToUser(writer, pair, at % 2 === 0, content)),
    ...members.map((member) => () => sendToGroup(writer, member, content)),
  ];
  if (work.length === 0) return 0;
  const begin = performance.now();
  for (let sent = 0; ; sent++) {
    const waitMs = begin + (sent * 1_000) / perSecond - performance.now();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return sent;
    await work[sent % work.length]!();
  }
}

async function sendToUser(
  writer: LegacyWriter,
  { id, smallId, bigId }: Pair,
  isFromSmall: boolean,
  content: string,
): Promise<void> {
  const [from, to] = isFromSmall ? [smallId, bigId] : [bigId, smallId];
  const now = seconds();
  const msgId = await writer.redis.unread.incr(`msg_id_${id}`);
  await writer.run(
    `INSERT INTO IMMessage_${id % 8} (relateId, fromId, toId, msgId, content, type, status, updated, created)
      VALUES (?, ?, ?, ?, ?, 1, 0, ?, ?)`,
    [id, from, to, msgId, content, now, now],
  );
  await writer.redis.unread.hincrby(`unread_${to}`, String(from), 1);
  await writer.run(
    `UPDATE IMRecentSession SET status = 0, updated = ?
      WHERE type = 1 AND ((userId = ? AND peerId = ?) OR (userId = ? AND peerId = ?))`,
    [now, from, to, to, from],
  );
}

async function sendToGroup(
  writer: LegacyWriter,
  { groupId, userId }: Member,
  content: string,
): Promise<void> {
  const now = seconds();
  const msgId = await writer.redis.unread.incr(`group_msg_id_${groupId}`);
  await writer.run(
    `INSERT INTO IMGroupMessage_${groupId % 8} (groupId, userId, msgId, content, type, status, updated, created)
      VALUES (?, ?, ?, ?, 17, 0, ?, ?)`,
    [groupId, userId, msgId, content, now, now],
  );
  const count = await writer.redis.unread.hincrby(`${groupId}_im_group_msg`, 'count', 1);
  await writer.redis.unread.hset(`${userId}_${groupId}_im_user_group`, 'count', count);
  await writer.run('UPDATE IMGroup SET lastChated = ? WHERE id = ?', [now, groupId]);
}

function seconds(): number {
  return Math.floor(Date.now() / 1_000);
}
