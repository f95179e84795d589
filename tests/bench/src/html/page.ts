import type { PointReport, Report, ScenarioReport } from '../report.js';
import { rateOf } from '../scenario.js';
import { number } from '../text-table.js';
import { escapeHtml, lineChart, stackedBars } from './chart.js';

/** The report as one self-contained page. */
export function pageOf(report: Report): string {
  const { machine, baseline, scenarios, startedAt, commit, quick } = report;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>TeamTalk benchmark</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}</style></head><body>
<h1>TeamTalk benchmark</h1>
<p>${escapeHtml(startedAt)}, ${escapeHtml(commit)}${quick ? ' <b>(a quick run: its figures mean little)</b>' : ''}</p>
<p>${escapeHtml(machine.cpu)}, ${machine.cores} cores, ${machine.memoryGib} GiB; Linux ${escapeHtml(machine.kernel)},
Node ${escapeHtml(machine.node)}, ${escapeHtml(machine.postgres)} with synchronous_commit and fsync on; everything on this
machine, the load generator included.</p>
<h2>Floor</h2>
<table>
${row('th', ['what', 'a second', 'CPU microseconds each'])}
${row('td', [`the same rows by one process into PostgreSQL, ${baseline.rows.batch} a transaction`, number(baseline.rows.perSecond), `PostgreSQL ${number(baseline.rows.postgresMicroseconds)}, client ${number(baseline.rows.clientMicroseconds)}`])}
${row('td', [`the same frames echoed by a bare TCP server, ${baseline.echo.connections} connections`, number(baseline.echo.perSecond), `server ${number(baseline.echo.serverMicroseconds)}, generator ${number(baseline.echo.generatorMicroseconds)}`])}
${row('td', ['write of 8 KiB and fdatasync', '', `p50 ${number(baseline.fsyncMs.p50)} ms, p99 ${number(baseline.fsyncMs.p99)} ms`])}
</table>
<h2>Targets</h2>
<table>
${row('th', ['scenario', 'what', 'measured', 'wanted', ''])}
${scenarios.flatMap(targetRows).join('\n')}
</table>
${scenarios.map(section).join('\n')}
</body></html>
`;
}

function targetRows({ name, targets, error }: ScenarioReport): string[] {
  if (error) return [row('td', [name, `not measured: ${error}`, '', '', ''])];
  return targets.map(({ what, unit, wanted, measured, met }) =>
    row(
      'td',
      [
        name,
        what,
        measured === undefined ? '' : `${number(measured)} ${unit}`,
        wanted,
        met ? 'met' : 'missed',
      ],
      met ? 'met' : 'missed',
    ),
  );
}

function section(scenario: ScenarioReport): string {
  const { name, title, points, error } = scenario;
  const body = error
    ? `<p>not measured: ${escapeHtml(error)}</p>`
    : `${table(scenario)}<div>${charts(scenario)}</div>`;
  const problems = points.flatMap((point) => point.problems.map((text) => `${point.label} ${text}`.trim()));
  const list = problems.length > 0 ? `<p class="missed">${escapeHtml(problems.join('; '))}</p>` : '';
  return `<h2 id="${name}">${escapeHtml(name)}</h2><p>${escapeHtml(title)}</p>${list}${body}`;
}

function table({ axis, points }: ScenarioReport): string {
  const processes = [...new Set(points.flatMap(({ microseconds }) => Object.keys(microseconds)))];
  const head = [
    ...(axis ? [axis] : []),
    ...Object.keys(points[0]?.result.rates ?? {}).map((name) => `${name}/s`),
  ];
  const rows = points.flatMap((point) => {
    const { result, label, ratioToBaseline } = point;
    const rates = Object.values(result.rates).map(number);
    return Object.entries(result.latency).map(([kind, latency], i) => {
      const first = i === 0;
      return row('td', [
        ...(axis ? [first ? label : ''] : []),
        ...rates.map((rate) => (first ? rate : '')),
        kind,
        ...[latency.p50, latency.p90, latency.p99, latency.p999, latency.max].map((ms) => ms.toFixed(2)),
        first && ratioToBaseline !== undefined ? ratioToBaseline.toFixed(2) : '',
      ]);
    });
  });
  const usage = points.flatMap(({ label, result, microseconds, switches }) =>
    processes.map((process) => {
      const used = result.usage[process];
      const each = microseconds[process] ?? 0;
      return row('td', [
        ...(axis ? [label] : []),
        process,
        `${used?.cpuSeconds ?? 0}`,
        `${used?.cpuPercent ?? 0}`,
        `${each}`,
        `${switches[process] ?? 0}`,
        `${used?.rssMib ?? 0}`,
      ]);
    }),
  );
  const figures = points.flatMap(({ label, result }) =>
    Object.entries({ ...result.messages, ...result.history, ...result.figures }).map(([what, value]) =>
      row('td', [...(axis ? [label] : []), what, number(Number(value))]),
    ),
  );
  return `<table>${row('th', [...head, 'ms', 'p50', 'p90', 'p99', 'p99.9', 'max', 'of baseline'])}${rows.join('')}</table>
<details><summary>CPU, memory, counts</summary>
<table>${row('th', [...(axis ? [axis] : []), 'process', 'CPU s', '% of a core', 'microseconds each', 'context switches each', 'RSS MiB'])}${usage.join('')}</table>
<table>${row('th', [...(axis ? [axis] : []), 'what', ''])}${figures.join('')}</table></details>`;
}

function charts({ axis, points }: ScenarioReport): string {
  const bars = stackedBars(
    points.map(({ label, microseconds }) => ({ label, parts: microseconds })),
    'CPU microseconds an operation',
  );
  if (axis && points.length > 1) return growthChart(axis, points) + bars;
  const timeline = Object.entries(points[0]?.result.timeline ?? {}).map(([kind, seconds]) =>
    lineChart(
      (['p50', 'p99', 'max'] as const).map((name) => ({
        name,
        values: seconds.map((second) => (second.count > 0 ? second[name] : Number.NaN)),
      })),
      {
        xLabels: seconds.map((_, i) => `${i + 1}`),
        xTitle: 'second of the run',
        yTitle: `${kind}, ms`,
        logarithmic: true,
      },
    ),
  );
  return timeline.join('') + bars;
}

function growthChart(axis: string, points: readonly PointReport[]): string {
  const kinds = Object.keys(points[0]?.result.latency ?? {}).slice(0, 1);
  const xLabels = points.map(({ label }) => label);
  const latency = kinds.flatMap((kind) =>
    (['p50', 'p99'] as const).map((name) => ({
      name: `${kind} ${name}`,
      values: points.map(({ result }) => result.latency[kind]?.[name] ?? Number.NaN),
    })),
  );
  const rates = [{ name: 'achieved', values: points.map(({ result }) => rateOf(result)) }];
  return (
    lineChart(latency, { xLabels, xTitle: axis, yTitle: 'ms', logarithmic: true }) +
    lineChart(rates, { xLabels, xTitle: axis, yTitle: 'a second' })
  );
}

function row(tag: 'td' | 'th', cells: readonly string[], className = ''): string {
  const attribute = className ? ` class="${className}"` : '';
  return `<tr${attribute}>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
}

const style = `
body { font: 14px/1.5 system-ui, sans-serif; max-width: 1000px; margin: 2em auto; padding: 0 1em; color: #1f2328; }
h2 { margin-top: 2em; border-bottom: 1px solid #d0d7de; }
table { border-collapse: collapse; margin: 0.5em 0; }
td, th { padding: 2px 10px; border-bottom: 1px solid #eaeef2; text-align: right; }
td:first-child, th:first-child { text-align: left; }
.met td:last-child { color: #1a7f37; } .missed, .missed td:last-child { color: #d1242f; }
figure { display: inline-block; margin: 0.5em 1em 0.5em 0; vertical-align: top; }
figcaption, svg text { font-size: 11px; } svg text { fill: #57606a; } .grid { stroke: #eaeef2; }
`;
