/** An alert. Its chapter of docs/guides/alerts.md says what it means and what to do. */
export interface Alert {
  alert: string;
  expr: string;
  /** how long the expression must hold before the alert fires; left out: it fires at once */
  for?: string;
  severity: 'critical' | 'warning';
  /** the service that the alert is about, if it has a rule for each service */
  service?: string;
  summary: string;
}
