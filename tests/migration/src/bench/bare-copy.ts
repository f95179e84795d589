import path from 'node:path';
import type { PostgresServer } from '@teamtalk/local-stack';

const partitions = 16;
const columns = 'conv, id, from_id, sender_seq, token, created_at, type, data';

/** The messages of an installation as a file, and an empty table like theirs. @returns the statement that reads it */
export async function prepareBareCopy(postgres: PostgresServer, folder: string): Promise<string> {
  const file = path.join(folder, 'messages.copy');
  await postgres.query(`COPY (SELECT ${columns} FROM message) TO '${file}'`);
  await postgres.query('CREATE SCHEMA bare');
  await postgres.query('CREATE TABLE bare.message (LIKE message INCLUDING ALL) PARTITION BY HASH (conv)');
  for (let part = 0; part < partitions; part++) {
    await postgres.query(`CREATE TABLE bare.message_p${part} PARTITION OF bare.message
      FOR VALUES WITH (MODULUS ${partitions}, REMAINDER ${part})`);
  }
  return `COPY bare.message (${columns}) FROM '${file}'`;
}
