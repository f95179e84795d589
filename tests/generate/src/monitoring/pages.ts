import type { Page } from '../page.js';
import { alerts } from './alerts.js';
import { dashboards, dashboardsPage, grafanaJson } from './dashboards.js';
import { prometheusRule, ruleFile } from './rules.js';

/** Grafana's dashboards and Prometheus's alert rules; with DASHBOARDS_PAGE set also the reference page of the dashboards. */
export async function monitoringPages(): Promise<Page[]> {
  return [
    ...dashboards.map((each) => ({
      file: `deploy/grafana/dashboards/${each.id}.json`,
      text: grafanaJson(each),
    })),
    ...(process.env.DASHBOARDS_PAGE
      ? [{ file: 'docs/reference/dashboards.md', text: dashboardsPage() }]
      : []),
    { file: 'deploy/prometheus/alerts.yaml', text: ruleFile(alerts) },
    { file: 'k8s/components/monitoring/prometheus-rule.yaml', text: prometheusRule(alerts) },
  ];
}
