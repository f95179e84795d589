/** An alert. Its chapter of docs/guides/alerts.md says what it means and what to do. */
export interface Alert {
  alert: string;
  expr: string;
  /** How long it has to be so; left out: it rings at once. */
  for?: string;
  severity: 'critical' | 'warning';
  /** The service it is about, where the alert has a rule for each. */
  service?: string;
  summary: string;
}
