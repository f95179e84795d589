import { parse, stringify } from 'yaml';

interface AlertFile {
  groups: { name: string; rules: { alert: string; expr: string }[] }[];
}

/** The alerts of a rule file: their names and queries. */
export function alertsOf(text: string): { alert: string; expr: string }[] {
  return (parse(text) as AlertFile).groups.flatMap(({ rules }) => rules);
}

/** The same rules in the form of the Prometheus operator. */
export function prometheusRule(text: string): string {
  const manifest = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: {
      name: 'teamtalk',
      namespace: 'teamtalk',
      labels: { 'app.kubernetes.io/part-of': 'teamtalk' },
    },
    spec: parse(text) as AlertFile,
  };
  return `# Made of deploy/prometheus/alerts.yaml by \`npm run docs\`. Do not edit.\n${stringify(manifest, { lineWidth: 0 })}`;
}
