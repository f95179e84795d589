import { finishGroup, planGroups, strayMembers } from './groups.js';
import { makeOfflineFiles } from './offline-files.js';
import type { LegacyOptions } from './options.js';
import { finishPair, strayState } from './pair-state.js';
import { makeRelations, planPairs, strayRows } from './pairs.js';
import { makeDepartments, makePages, makeTokens, makeUsers } from './people.js';
import { Random } from './random.js';
import type { MessageRow } from './rows.js';
import type { LegacySink } from './sink.js';
import { byTable, storeTable } from './tables.js';
import { emptyTruth, type Truth } from './truth.js';
import { makeImages, Voices } from './voices.js';

/**
 * Makes a legacy store with all its dirt, the same one for the same options, and says what has to become of every row.
 * Memory: the rows of one table of messages at a time.
 */
export function generate(options: LegacyOptions, sink: LegacySink): Truth {
  const truth = emptyTruth();
  makeDepartments(options, sink, truth);
  makeUsers(options, sink, truth);
  makePages(options, sink, truth);
  makeTokens(options, sink, truth);
  const voices = new Voices(sink, truth);
  makePairs(options, voices, sink, truth);
  makeGroups(options, voices, sink, truth);
  voices.unused();
  voices.unused();
  strayState(sink, truth);
  strayMembers(sink, truth);
  makeImages(options, new Random(`${options.seed} images`), sink, truth);
  makeOfflineFiles(options, sink, truth);
  return truth;
}

function makePairs(options: LegacyOptions, voices: Voices, sink: LegacySink, truth: Truth): void {
  const pairs = planPairs(options);
  const known = new Map(pairs.map((pair) => [pair.conv, pair]));
  const stretches = pairs.flatMap(({ relations }) => relations);
  const strays = byTable(strayRows(900_000), ({ owner }) => owner);
  /** of pairs whose rows are in several tables, until the last has come */
  const waiting = new Map<bigint, { rows: MessageRow[]; missing: number }>();
  for (const [n, own] of byTable(stretches, ({ id }) => id).entries()) {
    const rows = own.flatMap(({ stretch }) => stretch(voices));
    rows.push(...strays[n]!);
    for (const [conv, found] of storeTable(`IMMessage_${n}`, rows, false, sink, truth)) {
      const pair = known.get(conv);
      if (!pair) continue;
      const tables = new Set(pair.relations.map(({ id }) => id % 8)).size;
      const so = waiting.get(conv) ?? { rows: [], missing: tables };
      so.rows.push(...found);
      so.missing--;
      if (so.missing > 0) waiting.set(conv, so);
      else {
        waiting.delete(conv);
        finishPair(options, pair, so.rows, sink, truth);
      }
    }
  }
  makeRelations(pairs, new Set(truth.conversations.keys()), sink, truth);
}

function makeGroups(options: LegacyOptions, voices: Voices, sink: LegacySink, truth: Truth): void {
  const groups = planGroups(options);
  for (const [n, own] of byTable(groups, ({ id }) => id).entries()) {
    const rows = own.flatMap(({ stretch }) => stretch(voices));
    const stored = storeTable(`IMGroupMessage_${n}`, rows, true, sink, truth);
    for (const group of own) finishGroup(options, group, stored.get(BigInt(group.id)) ?? [], sink, truth);
  }
}
