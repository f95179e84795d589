export {
  type AlertFinding,
  alertMetrics,
  alertsElsewhere,
  alertsHere,
  findAlerts,
  metricOf,
  type Observation,
} from './alerts.js';
export { AnnouncedInstances } from './announced-instances.js';
export type { Directory, Known } from './directory.js';
export { type Figures, serviceMetrics } from './figures.js';
export { Observer, type Overview, type Row, type State } from './observer.js';
export { RecentMetrics } from './recent-metrics.js';
export { thresholds } from './thresholds.js';
export { type Totals, totalsOf } from './totals.js';
