import type { MigrationInterface, QueryRunner } from 'typeorm';
import {
  appendMessages as appendMessagesBefore,
  undelivered as openMessagesBefore,
} from './1764000000120-open-messages.js';

const signature = `int8[], int4[], int4[], int4[], int4[], int4[], int4[], int2[], int8[], bytea[],
  int4[], int4[], bytea[], int4[], int8, bytea, int8[], int8, int8[]`;

/**
 * A retry carries a horizon, a transaction id from before its first attempt. It bounds how far back the store searches
 * for the message, independently of clocks.
 */
export class RetryHorizons1764000000160 implements MigrationInterface {
  readonly name = 'RetryHorizons1764000000160';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(transactionHorizon);
    await runner.query(transactionsBack);
    await runner.query(findRetried);
    await runner.query(appendMessages);
    await runner.query(appendWithoutHorizons);
    await runner.query(undelivered);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(appendMessagesBefore.replace('CREATE FUNCTION', 'CREATE OR REPLACE FUNCTION'));
    await runner.query(`DROP FUNCTION append_messages (${signature})`);
    await runner.query('DROP FUNCTION open_messages (int8[], int4[], int8)');
    await runner.query('DROP FUNCTION find_retried');
    await runner.query('DROP FUNCTION transactions_back');
    await runner.query('DROP FUNCTION transaction_horizon');
  }
}

/** A transaction id below which all transactions have ended; its lower 32 bits, as in `xmin`. */
const transactionHorizon = `
CREATE FUNCTION transaction_horizon() RETURNS int8
LANGUAGE sql STABLE
AS $$ SELECT pg_snapshot_xmin(pg_current_snapshot())::text::int8 & 4294967295 $$`;

/** How far one transaction id is below another; negative when it is above. Ids wrap after 2^32. */
const transactionsBack = `
CREATE FUNCTION transactions_back(id int8, below int8) RETURNS int8
LANGUAGE sql IMMUTABLE
AS $$ SELECT ((below - id + 2147483648) & 4294967295) - 2147483648 $$`;

/**
 * Searches for messages in a conversation whose lock the caller holds, as many transactions back as they may have been
 * stored. Message ids follow the order in which transactions got the lock, so where a row's transaction ended before the
 * message was sent, all lower rows are older too. Such a row is located in growing steps, and the rows above it are read
 * once. `too_far`: no such row within the number of rows a statement has time for.
 */
const findRetried = `
CREATE FUNCTION find_retried(
  w_conv int8, w_tokens int8[], w_back int8, OUT tokens int8[], OUT ids int4[], OUT too_far bool
)
LANGUAGE plpgsql
SET enable_hashjoin = on
SET enable_nestloop = off
SET enable_mergejoin = off
AS $$
DECLARE
  most CONSTANT int4 := 1000000;
  now_at CONSTANT int8 := transaction_horizon();
  newest int4;
  step int4 := 0;
  below record;
BEGIN
  SELECT c.last_id INTO newest FROM conversation c WHERE c.conv = w_conv;
  LOOP
    SELECT m.id, transactions_back(m.xmin::text::int8, now_at) > w_back AS older INTO below
      FROM message m WHERE m.conv = w_conv AND m.id <= newest - step ORDER BY m.id DESC LIMIT 1;
    too_far := FOUND AND NOT below.older AND step = most;
    EXIT WHEN NOT FOUND OR below.older OR too_far;
    step := least(greatest(step * 2, 16), most);
  END LOOP;
  SELECT array_agg(m.token), array_agg(m.id) INTO tokens, ids
    FROM message m JOIN unnest(w_tokens) AS t(token) ON t.token = m.token
    WHERE m.conv = w_conv AND m.id > coalesce(below.id, 0);
END
$$`;

/** Search depth without a horizon, for callers of the version before, in transactions. */
const unknownBack = 100_000;

const lookForRetried = `now_at := transaction_horizon();
    FOR retried IN
      SELECT c_conv[m_conv[r.i]] AS conv, array_agg(m_token[r.i]) AS tokens,
        -- One of another timeline may lie ahead, and says nothing.
        max(CASE WHEN transactions_back(nullif(r.since, 0), now_at) >= 0 THEN transactions_back(r.since, now_at)
          ELSE ${unknownBack} END) AS back
      FROM unnest(r_message, r_horizon) AS r(i, since) GROUP BY 1
    LOOP
      SELECT * INTO looked FROM find_retried(retried.conv, retried.tokens, retried.back);
      found_tokens := found_tokens || looked.tokens;
      found_ids := found_ids || looked.ids;
      IF looked.too_far THEN
        too_far := too_far || ARRAY(
          SELECT r.i FROM unnest(r_message) AS r(i)
          WHERE c_conv[m_conv[r.i]] = retried.conv AND m_token[r.i] <> ALL (found_tokens));
      END IF;
    END LOOP;`;

/**
 * As in 1764000000120, except for the search for retries: `r_horizon` has for each of `r_message` a
 * `transaction_horizon` from before its first attempt; 0 where unknown. `too_far` lists the retries for which it cannot
 * be determined whether they are stored; as with `refused`, nothing is stored then.
 */
const appendMessages = edited(appendMessagesBefore, [
  [/(?<=batch_writer int8),/, ', r_horizon int8[],'],
  [/(?<=OUT open_from int4\[\])\n/, ', OUT too_far int4[]\n'],
  [
    /retried_conv int8;\n {2}retried_tokens int8\[\];\n {2}stored_message record;/,
    'retried record;\n  looked record;\n  now_at int8;',
  ],
  [/-- Newest first, as far back[\s\S]*?\n {4}END LOOP;(?=\n {4}SELECT array_agg)/, lookForRetried],
  [/(?<=IF known IS NULL) AND/, ' AND too_far IS NULL AND'],
  [/(?<=IF known IS NOT NULL) OR/, ' OR too_far IS NOT NULL OR'],
]);

/**
 * As in 1764000000120, but with the last outbox row to search: ids of messages and of rows are both assigned under the
 * conversation's lock, so lower messages are in older rows.
 */
const undelivered = edited(openMessagesBefore, [
  [/(?<=w_before int4\[\]),/, ', w_newest int8,'],
  [/(?=GROUP BY x\.i)/, 'WHERE outbox.id <= coalesce(w_newest, 9223372036854775807)\n        '],
]);

/** For programs of the version before. */
const appendWithoutHorizons = `
CREATE OR REPLACE FUNCTION append_messages(
  c_conv int8[], c_count int4[], c_low int4[],
  m_conv int4[], m_rank int4[], m_from int4[], m_sender_rank int4[], m_type int2[], m_token int8[], m_data bytea[],
  g_message int4[], k_message int4[], k_key bytea[], r_message int4[],
  batch_owner int8, batch_payload bytea, delivered int8[], batch_writer int8,
  OUT bases int4[], OUT stored_at timestamptz, OUT outbox_id int8, OUT group_versions int4[],
  OUT refused int4[], OUT known int4[], OUT known_id int4[], OUT open_from int4[]
)
LANGUAGE sql
AS $$
  SELECT a.bases, a.stored_at, a.outbox_id, a.group_versions, a.refused, a.known, a.known_id, a.open_from
    FROM append_messages(
      $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, '{}'::int8[]) AS a
$$`;

/** @throws Error when an edit has nothing to change */
function edited(text: string, edits: readonly (readonly [from: RegExp, to: string])[]): string {
  return edits.reduce((before, [from, to]) => {
    const after = before.replace(from, () => to);
    if (after === before) throw new Error(`nothing fits ${from}`);
    return after;
  }, text);
}
