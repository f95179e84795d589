import { createConnection, type ResultSetHeader } from 'mysql2/promise';

/** Larger numbers belong to conversations whose counter was lost. */
const usualNumbers = 1_000_000_000;

/**
 * Adds messages to a legacy store in bulk, dated this second: each conversation continues with texts that it already has.
 *
 * @returns the number of messages added
 */
export async function addMessages(mysql: string, count: number): Promise<number> {
  const sql = await createConnection(mysql);
  let added = 0;
  try {
    while (added < count) {
      const before = added;
      for (let table = 0; table < 16 && added < count; table++) {
        const wanted = Math.min(Math.ceil(count / 16), count - added);
        const [{ affectedRows }] = await sql.query<ResultSetHeader>(addition(table, wanted));
        added += affectedRows;
      }
      if (added === before) throw new Error('the store has no messages to continue');
    }
    return added;
  } finally {
    await sql.end();
  }
}

function addition(table: number, count: number): string {
  const isGroup = table >= 8;
  const name = isGroup ? `IMGroupMessage_${table - 8}` : `IMMessage_${table}`;
  const owner = isGroup ? 'groupId' : 'relateId';
  const others = isGroup ? 'userId' : 'fromId, toId';
  const usual = `status = 0 AND type = ${isGroup ? 17 : 1} AND msgId < ${usualNumbers}`;
  return `INSERT INTO ${name} (${owner}, ${others}, msgId, content, type, status, updated, created)
    SELECT ${owner}, ${others}, top + ROW_NUMBER() OVER (PARTITION BY ${owner} ORDER BY id), content, type, 0,
      UNIX_TIMESTAMP(), UNIX_TIMESTAMP()
    FROM (SELECT * FROM ${name} WHERE ${usual} ORDER BY id DESC LIMIT ${count}) AS newest
    JOIN (SELECT ${owner}, MAX(msgId) AS top FROM ${name} WHERE ${usual} GROUP BY ${owner}) AS tops USING (${owner})`;
}
