import type { CaseResult } from './runner.js';
import { nameOf } from './wire.js';

const columns = ['command', 'case', 'shows', 'result'] as const;
type Row = Readonly<Record<(typeof columns)[number], string>>;

function rowOf({ case: { commands, name, is }, status, reason }: CaseResult): Row {
  return {
    command: nameOf(commands[0]!.id),
    case: name,
    shows: is.join(', '),
    result: reason ? `${status}: ${reason}` : status,
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
    results.map(({ case: { commands, name, is, proves }, status, reason, duration }) => ({
      name,
      commands: commands.map(({ id }) => nameOf(id)),
      shows: is,
      proves,
      status,
      reason,
      milliseconds: Math.round(duration),
    })),
    undefined,
    2,
  );
}

/** `312 cases: 310 passed, 2 not run`. */
export function summary(results: readonly CaseResult[]): string {
  const count = (status: CaseResult['status']) => results.filter((each) => each.status === status).length;
  const parts = (['passed', 'failed', 'not run'] as const)
    .map((status) => [count(status), status] as const)
    .filter(([n, status]) => n > 0 || status === 'passed');
  return `${results.length} ${results.length === 1 ? 'case' : 'cases'}: ${parts.map(([n, status]) => `${n} ${status}`).join(', ')}`;
}
