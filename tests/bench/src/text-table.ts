import type { PointReport, Report, ScenarioReport } from './report.js';
import { rateOf } from './scenario.js';

/** Rows of aligned columns; the first one to the left, numbers to the right. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...rows.map((row) => row[i]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

/** Every point of every scenario as a table, then what targets were missed. */
export function describeReport({ scenarios, baseline, machine }: Report): string {
  const { rows, echo, fsyncMs } = baseline;
  const measured = scenarios.filter(({ points }) => points.length > 0);
  const table = [
    [
      'scenario',
      '/s',
      'p50 ms',
      'p99 ms',
      'p99.9',
      'max',
      'dlv p50',
      'dlv p99',
      'of floor',
      ...processColumns,
    ],
    ...measured.flatMap((scenario) => scenario.points.map((point) => rowOf(scenario, point))),
  ];
  const notes = scenarios.flatMap(({ name, error, targets, points }) => [
    ...(error ? [`${name}: not measured: ${error}`] : []),
    ...points.flatMap(({ problems, label }) => problems.map((text) => `${name} ${label}: ${text}`)),
    ...targets.map(({ what, unit, wanted, measured: value, met }) => {
      const verdict = met === undefined ? 'not measured' : met ? 'met' : 'MISSED';
      return `${name}: ${what} ${value === undefined ? '?' : number(value)} ${unit} (${wanted}): ${verdict}`;
    }),
  ]);
  return [
    `${machine.cpu}, ${machine.cores} cores; Node ${machine.node}, ${machine.postgres}; fdatasync p50 ${number(fsyncMs.p50)} ms`,
    `floor: ${number(rows.perSecond)} rows/s in batches of ${rows.batch} (PostgreSQL ${number(rows.postgresMicroseconds)} us a row); ` +
      `${number(echo.perSecond)} frames/s echoed (server ${number(echo.serverMicroseconds)}, generator ${number(echo.generatorMicroseconds)} us a frame)`,
    '',
    ...alignColumns(table),
    '(the last columns are CPU microseconds an operation)',
    '',
    ...alignColumns([
      ['context switches an operation', ...processColumns],
      ...measured.flatMap(({ name, points }) =>
        points.map(({ label, switches }) => [
          `${name} ${label}`.trim(),
          ...processes.map((process) => (switches[process] ? switches[process].toFixed(2) : '')),
        ]),
      ),
    ]),
    '',
    ...notes,
  ].join('\n');
}

const processes = [
  'bare_server',
  'ejabberd',
  'msg_server',
  'db_proxy_server',
  'route_server',
  'login_server',
  'http_msg_server',
  'push_server',
  'nats',
  'postgres',
  'generator',
];
const processColumns = ['bare', 'ejab', 'msg', 'db', 'route', 'login', 'http', 'push', 'nats', 'pg', 'gen'];

function rowOf(
  { name }: ScenarioReport,
  { label, result, microseconds, ratioToBaseline }: PointReport,
): string[] {
  const latency = Object.values(result.latency)[0];
  const { delivery } = result.latency;
  const ms = [
    latency?.p50,
    latency?.p99,
    latency?.p999,
    latency?.max,
    // Where it is not the first kind.
    ...(delivery === latency ? [undefined, undefined] : [delivery?.p50, delivery?.p99]),
  ];
  return [
    `${name} ${label}`.trim(),
    number(rateOf(result)),
    ...ms.map((value) => (value === undefined ? '' : value.toFixed(1))),
    ratioToBaseline === undefined ? '' : ratioToBaseline.toFixed(2),
    ...processes.map((process) => (microseconds[process] ? microseconds[process].toFixed(1) : '')),
  ];
}

export function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : value < 1000 ? 1 : 0 });
}
