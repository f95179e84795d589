import type { BenchCluster } from './bench-cluster.js';

/** Bytes of each text, as the senders' own. */
const textBytes = 128;
const rowsAtOnce = 500_000;

/**
 * Has so many messages stored in the conversations of the pairs `<prefix>1` and `<prefix>2`, 3 and 4 ..., as
 * if the two had written in turn.
 */
export async function storeMessages(
  cluster: BenchCluster,
  {
    prefix,
    pairs,
    total,
    say,
  }: { prefix: string; pairs: number; total: number; say: (line: string) => void },
): Promise<void> {
  await cluster.haveUsers(prefix, pairs * 2);
  const each = Math.ceil(total / pairs);
  const pairsAtOnce = Math.max(1, Math.floor(rowsAtOnce / each));
  const begin = performance.now();
  for (let first = 1; first <= pairs; first += pairsAtOnce) {
    const last = Math.min(pairs, first + pairsAtOnce - 1);
    await cluster.sql(addMessages, [prefix, first, last, each, textBytes]);
    say(`  ${Math.min(total, last * each).toLocaleString('en-US')} messages stored`);
  }
  // What a table that has grown over months has, too.
  await cluster.sql('VACUUM ANALYZE message');
  await cluster.sql('VACUUM ANALYZE conversation');
  await cluster.sql('CHECKPOINT');
  say(`  in ${((performance.now() - begin) / 1000).toFixed(0)} s`);
}

/** Behind the messages that a conversation has already. */
const addMessages = `
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
  INSERT INTO message (conv, id, from_id, sender_seq, token, created_at, type, data)
    SELECT p.conv, m.base + i, CASE WHEN i % 2 = 1 THEN p.low ELSE p.high END,
      CASE WHEN i % 2 = 1 THEN m.low_base + (i + 1) / 2 ELSE m.base - m.low_base + i / 2 END,
      0, now() - interval '1 second' * ($4::int4 - i), 1, convert_to(rpad('stored ' || i, $5::int4, 'x'), 'UTF8')
    FROM pair p JOIN moved m USING (conv), generate_series(1, $4::int4) AS i`;
