import type { TargetDatabase, TargetSession } from '../target/database.js';
import { firstPair } from '../target/first-pair.js';

/** Conversations that messages are stored in, one message each per transaction. */
const most = 100;

interface Recipient {
  conv: string;
  from_id: number;
}

/**
 * Stores messages as the new servers do, and marks conversations of two users as read by the sender. Times are whole
 * seconds, so that the verification of the copy can also compare both sides after the rollback.
 *
 * @param data for the `data` column of table `message`
 * @returns number of messages; 0 if there is no conversation to store them in
 */
export async function workAsNewServers(
  database: TargetDatabase,
  { data, messages }: { data: Buffer; messages: number },
): Promise<number> {
  const recipients = await database.rows<Recipient>(recipientsQuery);
  if (recipients.length === 0) return 0;
  for (let stored = 0; stored < messages; ) {
    const some = recipients.slice(0, messages - stored);
    await database.transaction((session) => store(session, some, data));
    stored += some.length;
  }
  return messages;
}

/**
 * The most recently used conversations, in lock order. Those dated in the future are excluded, because a new message would
 * not be their last.
 */
const recipientsQuery = `
  SELECT conv::text, from_id FROM (
    SELECT c.conv, c.last_at, CASE WHEN c.last_id % 2 = 0 THEN low.id ELSE high.id END AS from_id
    FROM conversation c
    JOIN im_user low ON low.id = c.conv >> 32 AND low.status = 0
    JOIN im_user high ON high.id = c.conv & 4294967295 AND high.status = 0
    WHERE c.conv >= ${firstPair} AND c.last_at < now()
    UNION ALL
    SELECT c.conv, c.last_at, min(m.user_id)
    FROM conversation c JOIN group_member m ON m.group_id = c.conv JOIN im_user u ON u.id = m.user_id AND u.status = 0
    WHERE c.conv < ${firstPair} AND c.last_at < now() GROUP BY c.conv
    ORDER BY last_at DESC LIMIT ${most}
  ) AS newest
  ORDER BY newest.conv`;

async function store(session: TargetSession, recipients: readonly Recipient[], data: Buffer): Promise<void> {
  const convs = recipients.map(({ conv }) => conv);
  const senders = recipients.map(({ from_id: from }) => from);
  const isPair = convs.map((conv) => BigInt(conv) >= BigInt(firstPair));
  const isLow = convs.map((conv, at) => isPair[at]! && Number(BigInt(conv) >> 32n) === senders[at]);
  const places = convs.map((_, at) => at + 1);
  const ones = convs.map(() => 1);
  await session.run(
    `SELECT append_messages($1::int8[], $2::int4[], $3::int4[], $4::int4[], $2::int4[], $5::int4[], $2::int4[], $6::int2[],
      $7::int8[], $8::bytea[], $9::int4[], '{}', '{}', '{}', 0, '', '{}', 0, '{}')`,
    [
      convs,
      ones,
      isLow.map(Number),
      places,
      senders,
      isPair.map((is) => (is ? 1 : 17)),
      convs.map(() => 0),
      convs.map(() => data),
      places.filter((_, at) => !isPair[at]),
    ],
  );
  await session.run(
    `UPDATE message m SET created_at = date_trunc('second', m.created_at)
      FROM conversation c WHERE c.conv = ANY ($1::int8[]) AND m.conv = c.conv AND m.id = c.last_id`,
    [convs],
  );
  await session.run(
    `UPDATE conversation SET last_at = date_trunc('second', last_at) WHERE conv = ANY ($1::int8[])`,
    [convs],
  );
  await session.run(
    `SELECT mark_read(array_agg(conv), array_agg(CASE WHEN is_low THEN last_id ELSE 0 END),
        array_agg(CASE WHEN is_low THEN 0 ELSE last_id END), '{}', '{}', '{}')
      FROM conversation JOIN unnest($1::int8[], $2::bool[]) AS w (written, is_low) ON written = conv
      WHERE conv >= ${firstPair}`,
    [convs, isLow],
  );
  // There are no clients to deliver them to.
  await session.run('DELETE FROM outbox');
}
