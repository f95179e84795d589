import type { HistoryCounts } from './history-check.js';
import type { Measured } from './measurement.js';
import type { MessageCounts } from './message-traffic.js';
import type { PoolCounts } from './pool.js';

/** What one run of the load generator found. */
export interface LoadResult extends Measured {
  mode: string;
  /** the rate asked for, a second; 0: as much as possible */
  wantedRate: number;
  /** the rates achieved, a second, by name; the first one is the mode's main figure */
  rates: Record<string, number>;
  connections: PoolCounts;
  messages?: MessageCounts;
  history?: HistoryCounts;
  /** other figures of the mode */
  figures?: Record<string, number>;
}

/** What a correct server would not have done: failed logins, messages lost, duplicated or out of order. */
export function problemsOf({ messages, history, connections }: LoadResult): string[] {
  const problems: [number, string][] = [
    [connections.failed, 'failed logins'],
    [connections.closedByServer, 'connections closed by the server'],
  ];
  if (messages) {
    problems.push(
      [messages.unacked, 'not acknowledged'],
      [messages.undelivered, 'not delivered'],
      [messages.duplicated, 'delivered twice'],
      [messages.reordered, 'delivered out of order'],
      [messages.inverted, 'numbered out of order'],
      [messages.strayAcks, 'stray acks'],
      [messages.misrouted, 'misrouted'],
    );
  }
  if (history) {
    problems.push(
      [history.lost, 'lost (acknowledged, but not stored under that id)'],
      [history.duplicated, 'stored twice'],
      [history.reordered, 'stored out of order'],
      [history.unread, 'histories not read to the end'],
    );
  }
  return problems.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []));
}
