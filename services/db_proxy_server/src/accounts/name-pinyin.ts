import { every, type Kit } from '@teamtalk/service-kit';
import type { Database, Statement } from '../database/database.js';

/** Milliseconds until a new name is found by its pinyin, at most. */
const pollMs = 5_000;
const batch = 1_000;

// SKIP LOCKED lets replicas work on different names.
const toFill: Statement = {
  name: 'names_without_pinyin',
  text: `
    SELECT user_id, names FROM user_search WHERE pinyin IS NULL
    ORDER BY user_id LIMIT ${batch} FOR UPDATE SKIP LOCKED`,
};

const fill: Statement = {
  name: 'fill_pinyin',
  text: `
    UPDATE user_search s SET pinyin = f.pinyin
    FROM unnest($1::int4[], $2::text[]) AS f (user_id, pinyin) WHERE s.user_id = f.user_id`,
};

/**
 * The pinyin of a name without tones, and its initials, as people type them to search.
 * @returns both in lower case, separated by a newline; empty for a name without Chinese characters
 */
async function pinyinOf(name: string): Promise<string> {
  // Loaded on first use, because its tables are large.
  const { pinyin } = await import('pinyin-pro');
  const syllables = pinyin(name, {
    toneType: 'none',
    type: 'array',
    nonZh: 'removed',
    v: true,
    surname: 'head',
  });
  if (syllables.length === 0) return '';
  return [syllables.join(''), syllables.map(([initial]) => initial).join('')].join('\n');
}

/**
 * Fills in missing pinyin of names.
 * @returns the number of users updated
 */
export function fillPinyin(database: Database): Promise<number> {
  return database.transaction('fill_pinyin', async (query) => {
    const rows = await query<{ user_id: number; names: string }>(toFill, []);
    if (rows.length === 0) return 0;
    const texts = await Promise.all(
      rows.map(async ({ names }) => {
        const each = await Promise.all(names.split('\n').map(pinyinOf));
        return [...new Set(each)].join('\n').trim();
      }),
    );
    await query(fill, [rows.map(({ user_id: id }) => id), texts]);
    return rows.length;
  });
}

/** @returns a function that stops it */
export function startPinyin(database: Database, { log, metrics }: Kit): () => Promise<void> {
  const failed = metrics.counter('pinyin_failures_total', 'Failed attempts to fill in the pinyin of names');
  return every(pollMs, async () => {
    try {
      while ((await fillPinyin(database)) === batch);
    } catch (error) {
      failed.inc();
      log.warn({ err: error }, 'failed to fill in the pinyin of names');
    }
  });
}
