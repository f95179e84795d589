import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { BenchCluster } from './bench-cluster.js';

/** Bytes of each text, as in the message scenarios. */
const textBytes = 128;
const rowsAtOnce = 500_000;

/**
 * Stores so many messages in the conversations of the pairs `<prefix>1` and `<prefix>2`, 3 and 4 ..., as if the two had
 * written in turn. It uses COPY and a file in PostgreSQL's data folder, so PostgreSQL has to run on this machine.
 */
export async function storeMessages(
  cluster: BenchCluster,
  {
    prefix,
    pairs,
    total,
    say,
    daysAgo = 0,
  }: { prefix: string; pairs: number; total: number; say: (line: string) => void; daysAgo?: number },
): Promise<void> {
  await cluster.haveUsers(prefix, pairs * 2);
  const each = Math.ceil(total / pairs);
  const pairsAtOnce = Math.max(1, Math.floor(rowsAtOnce / each));
  const begin = performance.now();
  const [settings] = await cluster.sql<{ data_directory: string }>('SHOW data_directory');
  if (!settings) throw new Error('PostgreSQL does not say where its data is');
  const file = path.join(settings.data_directory, 'bench-messages.copy');
  for (let first = 1; first <= pairs; first += pairsAtOnce) {
    const last = Math.min(pairs, first + pairsAtOnce - 1);
    const room = await cluster.sql<Pair>(makeRoom, [prefix, first, last, each]);
    await cluster.sql(`COPY (${messagesOf(room, each, daysAgo)}) TO '${file}' (FORMAT binary)`);
    await cluster.sql(`COPY message FROM '${file}' (FORMAT binary)`);
    say(`  ${Math.min(total, last * each).toLocaleString('en-US')} messages stored`);
  }
  await rm(file, { force: true });
  // As in a table that has grown over months.
  await cluster.sql('VACUUM ANALYZE message');
  await cluster.sql('VACUUM ANALYZE conversation');
  await cluster.sql('CHECKPOINT');
  say(`  in ${((performance.now() - begin) / 1000).toFixed(0)} s`);
}

/** A pair's conversation, with the number of messages in it and of its lower user before. */
interface Pair {
  conv: string;
  low: number;
  high: number;
  base: number;
  low_base: number;
}

/** Reserves ids for `$4` more messages in each conversation. */
const makeRoom = `
  WITH pair AS (
    SELECT least(a.id, b.id)::int8 << 32 | greatest(a.id, b.id) AS conv, least(a.id, b.id) AS low, greatest(a.id, b.id) AS high
    FROM generate_series($2::int4, $3::int4) AS n
    JOIN im_user a ON a.name = $1::text || (2 * n - 1)
    JOIN im_user b ON b.name = $1::text || (2 * n)
  ), moved AS (
    INSERT INTO conversation AS c (conv, last_id, last_at, low_sent)
      SELECT conv, $4::int4, now(), ($4::int4 + 1) / 2 FROM pair
      ON CONFLICT (conv) DO UPDATE SET last_id = c.last_id + $4::int4, last_at = now(), low_sent = c.low_sent + ($4::int4 + 1) / 2
      RETURNING c.conv, c.last_id - $4::int4 AS base, c.low_sent - ($4::int4 + 1) / 2 AS low_base
  )
  SELECT p.conv, p.low, p.high, m.base, m.low_base FROM pair p JOIN moved m USING (conv)`;

/** `each` messages of every pair, with the columns of the table `message`. COPY takes no parameters. */
function messagesOf(pairs: readonly Pair[], each: number, daysAgo: number): string {
  const list = (column: keyof Pair) => pairs.map((pair) => pair[column]).join();
  return `
    SELECT p.conv, (p.base + i)::int4, CASE WHEN i % 2 = 1 THEN p.low ELSE p.high END,
      (CASE WHEN i % 2 = 1 THEN p.low_base + (i + 1) / 2 ELSE p.base - p.low_base + i / 2 END)::int4,
      0::int8, now() - interval '${daysAgo} days' - interval '1 second' * (${each} - i), 1::int2, convert_to(rpad('stored ' || i, ${textBytes}, 'x'), 'UTF8')
    FROM unnest('{${list('conv')}}'::int8[], '{${list('low')}}'::int4[], '{${list('high')}}'::int4[],
      '{${list('base')}}'::int4[], '{${list('low_base')}}'::int4[]) AS p(conv, low, high, base, low_base),
      generate_series(1, ${each}) AS i`;
}
