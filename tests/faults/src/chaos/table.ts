import type { Fault } from './faults/fault.js';
import { type Outcome, sumOf } from './record/check.js';
import type { RoundResult } from './round.js';

/** All rounds of one fault. */
export interface Row extends Outcome {
  name: string;
  title: string;
  rounds: number;
  /** milliseconds */
  recovery: { median: number; most: number };
  breaks: number;
  /** observers still connected at the end of the round with the fewest */
  observers: number;
  /** milliseconds of all rounds */
  took: number;
  notes: string[];
  failures: string[];
}

export function rowOf({ name, title }: Fault, results: readonly RoundResult[], took: number): Row {
  const recoveries = results.map(({ recoveryMs }) => recoveryMs).sort((a, b) => a - b);
  return {
    name,
    title,
    rounds: results.length,
    ...sumOf(results),
    recovery: { median: recoveries[recoveries.length >> 1] ?? 0, most: recoveries.at(-1) ?? 0 },
    breaks: results.reduce((sum, { breaks }) => sum + breaks, 0),
    observers: Math.min(...results.map(({ observers }) => observers)),
    took,
    notes: [...new Set(results.flatMap(({ notes }) => notes))],
    failures: results.flatMap(({ failures }) => failures),
  };
}

/**
 * Whether nothing was lost, duplicated, reordered, undelivered or late, the fault found nothing wrong, and there was something
 * to check.
 */
export function isClean(row: Row): boolean {
  const { lost, duplicated, reordered, undelivered, late, failures } = row;
  return lost + duplicated + reordered + undelivered + late + failures.length === 0 && !isEmpty(row);
}

/** Whether nothing was checked, so that the round could not have failed. */
function isEmpty({ acked, checked }: Row): boolean {
  return acked === 0 || checked === 0;
}

const columns: [string, (row: Row) => string][] = [
  ['fault', ({ title }) => title],
  ['rounds', ({ rounds }) => String(rounds)],
  ['acked', ({ acked }) => String(acked)],
  ['no ack', ({ indeterminate }) => String(indeterminate)],
  ['deliveries checked', (row) => (isEmpty(row) ? 'empty' : String(row.checked))],
  ['observers left', ({ observers }) => String(observers)],
  ['lost', ({ lost }) => String(lost)],
  ['duplicated', ({ duplicated }) => String(duplicated)],
  ['reordered', ({ reordered }) => String(reordered)],
  ['undelivered', ({ undelivered }) => String(undelivered)],
  ['later than 5 s', ({ late }) => String(late)],
  ['recovery, median', ({ recovery }) => seconds(recovery.median)],
  ['worst', ({ recovery }) => seconds(recovery.most)],
];

/** The table in Markdown. */
export function tableOf(rows: readonly Row[]): string {
  const cells = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, cell]) => cell(row)))];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i]!.length)));
  const lines = cells.map(
    (line) =>
      `| ${line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`,
  );
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  const notes = rows.flatMap(({ title, notes: each, failures }) => [
    ...failures.map((failure) => `- ${title}: FAILED, ${failure}`),
    ...each.map((note) => `- ${title}: ${note}`),
  ]);
  return [lines[0], rule, ...lines.slice(1), ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}

function seconds(ms: number): string {
  return Number.isFinite(ms) ? `${(ms / 1000).toFixed(1)} s` : 'never';
}
