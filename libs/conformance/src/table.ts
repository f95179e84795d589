import { nameOf } from './command-name.js';
import { type DifferenceId, describeDifference } from './original.js';
import type { CaseResult, Status } from './runner.js';

const columns = ['command', 'case', 'shows', 'result'] as const;
type Row = Readonly<Record<(typeof columns)[number], string>>;

function rowOf({ case: { commands, name, is }, status, reason, known }: CaseResult): Row {
  const ids = known && status !== 'killed' ? ` [${known.join(', ')}]` : '';
  return {
    command: nameOf(commands[0]!.id),
    case: name,
    shows: is.join(', '),
    result: `${status}${reason ? `: ${reason}` : ''}${ids}`,
  };
}

/** The results as a table for a terminal, with the sum below. */
export function textTable(results: readonly CaseResult[]): string {
  const rows: Row[] = [Object.fromEntries(columns.map((name) => [name, name])) as Row, ...results.map(rowOf)];
  const widths = columns.map((name) => Math.max(...rows.map((row) => [...row[name]].length)));
  const lines = rows.map((row) =>
    columns
      .map((name, i) => (i === columns.length - 1 ? row[name] : row[name].padEnd(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
  return [...lines, '', summary(results)].join('\n');
}

/** The results as a table in Markdown. */
export function markdownTable(results: readonly CaseResult[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    line(columns),
    line(columns.map(() => '---')),
    ...results.map(rowOf).map((row) => line(columns.map((name) => row[name]))),
    '',
    summary(results),
  ].join('\n');
}

/** The results as data, for other programs. */
export function jsonResults(results: readonly CaseResult[]): string {
  return JSON.stringify(
    results.map(({ case: { commands, name, is, proves }, duration, ...result }) => ({
      name,
      commands: commands.map(({ id }) => nameOf(id)),
      shows: is,
      proves,
      ...result,
      milliseconds: Math.round(duration),
    })),
    undefined,
    2,
  );
}

/**
 * The report on an original: first the cases that killed it, then new findings, then known ones. `textTable` is the
 * complete table.
 */
export function legacyReport(results: readonly CaseResult[]): string {
  const of = (status: Status) => results.filter((each) => each.status === status);
  const lines: string[] = [];
  const list = (title: string, found: readonly CaseResult[]) => {
    if (found.length === 0) return;
    lines.push(title, ...found.map(({ case: { name }, reason }) => `  ${name}\n      ${reason}`), '');
  };
  list('Killed the server: anybody who can connect to it can do this', of('killed'));
  list('New: not known of an original server. Look at these before you move', of('new'));
  const known = countOf(of('known').flatMap((each) => each.known ?? []));
  const seen = countOf(results.flatMap((each) => each.seen ?? []));
  if (known.size > 0) {
    lines.push('Known of an original server: what changes when you move', ...describeAll(known), '');
  }
  if (seen.size > 0) lines.push('Seen besides, in cases about something else', ...describeAll(seen), '');
  return lines.join('\n').trimEnd();
}

function countOf(ids: readonly DifferenceId[]): Map<DifferenceId, number> {
  const counts = new Map<DifferenceId, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

function describeAll(counts: ReadonlyMap<DifferenceId, number>): string[] {
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([id, count]) => `  ${casesOf(count).padEnd(9)}  ${id}: ${describeDifference(id)}`);
}

const sums: readonly (readonly [Status, string])[] = [
  ['passed', 'passed'],
  ['failed', 'failed'],
  ['known', 'known of the original'],
  ['new', 'new'],
  ['killed', 'killed the server'],
  ['not run', 'not run'],
];

/** `312 cases: 310 passed, 2 not run`. */
export function summary(results: readonly CaseResult[]): string {
  const parts = sums
    .map(
      ([status, words]) => [status, words, results.filter((each) => each.status === status).length] as const,
    )
    .filter(([status, , n]) => n > 0 || status === 'passed');
  return `${casesOf(results.length)}: ${parts.map(([, words, n]) => `${n} ${words}`).join(', ')}`;
}

function casesOf(count: number): string {
  return `${count} ${count === 1 ? 'case' : 'cases'}`;
}
