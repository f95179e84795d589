import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from '../page.js';
import { prometheusRule } from './alerts.js';
import { dashboards, dashboardsPage, grafanaJson } from './dashboards.js';

/** Grafana's dashboards and the operator's alert rules; with DASHBOARDS_PAGE set also the reference page of the dashboards. */
export async function monitoringPages(top: string): Promise<Page[]> {
  const alerts = await readFile(path.join(top, 'deploy/prometheus/alerts.yaml'), 'utf8');
  return [
    ...dashboards.map((each) => ({
      file: `deploy/grafana/dashboards/${each.id}.json`,
      text: grafanaJson(each),
    })),
    ...(process.env.DASHBOARDS_PAGE
      ? [{ file: 'docs/reference/dashboards.md', text: dashboardsPage() }]
      : []),
    { file: 'k8s/components/monitoring/prometheus-rule.yaml', text: prometheusRule(alerts) },
  ];
}
