import type { Figures } from './figures.js';
import type { Row } from './observer.js';

export type Totals = Pick<
  Figures,
  | 'connections'
  | 'takenPerSecond'
  | 'ackedPerSecond'
  | 'deliveredPerSecond'
  | 'outboxBatches'
  | 'outboxOldestSeconds'
>;

/** Totals of the installation: clients and messages as the msg_servers count them. */
export function totalsOf(rows: readonly Row[]): Totals {
  const all = (service: string, figure: keyof Figures) =>
    rows.flatMap((row) => (row.service === service && row[figure] !== null ? [row[figure]] : []));
  const sum = (service: string, figure: keyof Figures): number | null => {
    const values = all(service, figure);
    return values.length === 0 ? null : values.reduce((total, value) => total + value, 0);
  };
  const ages = all('db_proxy_server', 'outboxOldestSeconds');
  return {
    connections: sum('msg_server', 'connections'),
    takenPerSecond: sum('msg_server', 'takenPerSecond'),
    ackedPerSecond: sum('msg_server', 'ackedPerSecond'),
    deliveredPerSecond: sum('msg_server', 'deliveredPerSecond'),
    outboxBatches: sum('db_proxy_server', 'outboxBatches'),
    outboxOldestSeconds: ages.length === 0 ? null : Math.max(...ages),
  };
}
