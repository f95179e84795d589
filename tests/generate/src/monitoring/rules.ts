import { stringify } from 'yaml';
import type { Alert } from './alert.js';

const guides = 'https://docs.example.com/teamtalk/guides';

/**
 * The address of docs/guides/alerts.md, to whose chapters alerts and panels link. RUNBOOKS sets the address of a company's
 * own copy.
 */
const runbooks = process.env.RUNBOOKS || `${guides}/alerts.md`;

/** @param alert left out: the page itself */
export function runbookUrl(alert?: string): string {
  return alert ? `${runbooks}#${alert.toLowerCase()}` : runbooks;
}

/** The page to which dashboards link for traces: the guide, unless TRACES names that of the program that shows them. */
export const tracesUrl = process.env.TRACES || `${guides}/tracing.md`;

/** The rules in Prometheus's format. */
function ruleGroups(alerts: readonly Alert[]) {
  const rules = alerts.map(({ alert, expr, for: time, severity, service, summary }) => ({
    alert,
    expr,
    ...(time && { for: time }),
    labels: { severity, ...(service && { service }) },
    annotations: { summary, runbook_url: runbookUrl(alert) },
  }));
  return { groups: [{ name: 'teamtalk', rules }] };
}

const origin = '# Made of tests/generate/src/monitoring/alerts.ts by `npm run docs`. Do not edit.\n';

/** A rule file for Prometheus. */
export function ruleFile(alerts: readonly Alert[]): string {
  return origin + stringify(ruleGroups(alerts), { lineWidth: 0 });
}

/** The same rules as a PrometheusRule of the Prometheus operator. */
export function prometheusRule(alerts: readonly Alert[]): string {
  const manifest = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: {
      name: 'teamtalk',
      namespace: 'teamtalk',
      labels: { 'app.kubernetes.io/part-of': 'teamtalk' },
    },
    spec: ruleGroups(alerts),
  };
  return origin + stringify(manifest, { lineWidth: 0 });
}
