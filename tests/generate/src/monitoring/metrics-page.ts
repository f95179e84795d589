import type { MetricDefinition } from '@teamtalk/service-kit';

/** docs/reference/metrics.md: every metric of every service. */
export function metricsPage(
  services: ReadonlyArray<readonly [service: string, metrics: readonly MetricDefinition[]]>,
): string {
  const sections = services.map(([service, metrics]) => {
    const own = metrics.filter(({ name }) => !isOfProcess(name));
    return [`## ${service}`, '', ...head, ...own.map(row)].join('\n');
  });
  const [, first] = services[0] ?? ['', []];
  const ofProcess = first.filter(({ name }) => isOfProcess(name)).map(row);
  return `${[introduction, ...sections, ['## Every process', '', ...head, ...ofProcess].join('\n')].join('\n\n')}\n`;
}

const introduction = `<!-- Generated from running services by the test of tests/generate/src/monitoring. Do not edit: run
\`npx vitest run tests/generate/src/monitoring --update\`. -->

# Metrics

Each service has them at \`/metrics\` of its health port; \`/metrics/reference\` says what they mean. All are of one
instance: sum them. Labels have few values, never a user, a session or an address. Histograms have \`_bucket\`, \`_sum\`
and \`_count\`.`;

const head = ['| Metric | Type | Labels | Meaning |', '|---|---|---|---|'];

function row({ name, type, labels, help }: MetricDefinition): string {
  const shown = labels.map((label) => `\`${label}\``).join(' ');
  return `| \`${name}\` | ${type} | ${shown} | ${help.replaceAll('|', '\\|')} |`;
}

/** The client library's metrics of each process. */
function isOfProcess(name: string): boolean {
  return /^(process|nodejs)_/.test(name);
}
