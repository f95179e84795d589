import type { LatencySummary } from './latency.js';
import type { LoadResult } from './result.js';
import { problemsOf } from './result.js';

/** A result for somebody at a terminal. */
export function describeResult(result: LoadResult): string {
  const { mode, wantedRate, seconds, rates, latency, usage, messages, history, figures } = result;
  const wanted = wantedRate > 0 ? ` (wanted ${number(wantedRate)}/s)` : '';
  const lines = [
    `${mode}, ${seconds.toFixed(1)} s: ${Object.entries(rates)
      .map(([name, rate]) => `${number(rate)} ${name}/s`)
      .join(', ')}${wanted}`,
    '',
    row(['ms', 'count', 'mean', 'p50', 'p90', 'p99', 'p99.9', 'max']),
    ...Object.entries(latency).map(([name, summary]) => latencyRow(name, summary)),
  ];
  const operations = (Object.values(rates)[0] ?? 0) * seconds;
  lines.push('', row(['process', 'CPU s', 'core %', 'us each', 'switches', 'RSS MiB']));
  for (const [name, { cpuSeconds, cpuPercent, switches, rssMib }] of Object.entries(usage)) {
    const each = operations > 0 ? ((cpuSeconds * 1e6) / operations).toFixed(1) : '';
    lines.push(row([name, String(cpuSeconds), String(cpuPercent), each, String(switches), String(rssMib)]));
  }
  for (const counts of [messages, history, figures]) if (counts) lines.push('', ...pairs(counts));
  const problems = problemsOf(result);
  lines.push('', problems.length === 0 ? 'nothing lost, doubled or out of order' : problems.join('; '));
  return lines.join('\n');
}

function latencyRow(name: string, { count, mean, p50, p90, p99, p999, max }: LatencySummary): string {
  return row([name, String(count), ...[mean, p50, p90, p99, p999, max].map((ms) => ms.toFixed(2))]);
}

function row([title, ...cells]: string[]): string {
  return `  ${title!.padEnd(18)}${cells.map((cell) => cell.padStart(10)).join('')}`;
}

function pairs(counts: object): string[] {
  return Object.entries(counts).map(([name, count]) => `  ${name.padEnd(28)}${number(Number(count))}`);
}

function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 });
}
