import { type Sample, sumOf } from '@teamtalk/service-kit';
import type { Reading } from './probe.js';

/** What `teamtalk top` shows of an instance; null: its service has no such figure, or it is not known yet. */
export interface Figures {
  /** clients' connections; of route_server the sessions it knows, of db_proxy_server those to PostgreSQL */
  connections: number | null;
  /** messages per second from clients (msg_server), to be routed (route_server) */
  takenPerSecond: number | null;
  /** messages per second acknowledged to their senders (msg_server), committed (db_proxy_server) */
  ackedPerSecond: number | null;
  /** messages per second written to connections (msg_server), given to msg_servers (route_server) */
  deliveredPerSecond: number | null;
  /** PDUs, gRPC calls, HTTP requests or pushes per second */
  requestsPerSecond: number | null;
  /** bytes per second to clients (msg_server), of files (file_server), of answers and uploads (msfs) */
  bytesPerSecond: number | null;
  /** batches not confirmed by a route_server yet */
  outboxBatches: number | null;
  /** age of the oldest of them, seconds */
  outboxOldestSeconds: number | null;
  /** event-loop delay, 99th percentile, seconds */
  eventLoopSeconds: number | null;
  /** mean round trip to NATS, seconds */
  busSeconds: number | null;
  /** cores in use: 1 is one whole core */
  cpuCores: number | null;
  memoryBytes: number | null;
}

type Rate =
  | 'takenPerSecond'
  | 'ackedPerSecond'
  | 'deliveredPerSecond'
  | 'requestsPerSecond'
  | 'bytesPerSecond';
type Gauge = 'connections' | 'outboxBatches' | 'outboxOldestSeconds';

/** The metrics behind the figures, without `teamtalk_<service>_`. */
interface ServiceMetrics {
  rates: Partial<Record<Rate, readonly string[]>>;
  gauges?: Partial<Record<Gauge, string>>;
}

/** In the order of the table. */
export const serviceMetrics: Readonly<Record<string, ServiceMetrics>> = {
  login_server: {
    rates: { requestsPerSecond: ['msg_server_answers_total'] },
    gauges: { connections: 'tcp_connections' },
  },
  msg_server: {
    rates: {
      takenPerSecond: ['messages_total'],
      ackedPerSecond: ['messages_acked_total'],
      deliveredPerSecond: ['messages_delivered_total'],
      requestsPerSecond: ['pdus_received_total'],
      bytesPerSecond: ['sent_bytes_total'],
    },
    gauges: { connections: 'connections' },
  },
  route_server: {
    rates: { takenPerSecond: ['messages_routed_total'], deliveredPerSecond: ['deliveries_total'] },
    gauges: { connections: 'sessions' },
  },
  db_proxy_server: {
    rates: { ackedPerSecond: ['messages_stored_total'], requestsPerSecond: ['grpc_calls_total'] },
    gauges: {
      connections: 'pool_connections',
      outboxBatches: 'outbox_in_flight_batches',
      outboxOldestSeconds: 'outbox_oldest_seconds',
    },
  },
  http_msg_server: { rates: { requestsPerSecond: ['http_requests_total', 'v1_requests_total'] } },
  push_server: { rates: { requestsPerSecond: ['pushes_total'] } },
  file_server: {
    rates: { requestsPerSecond: ['tasks_total'], bytesPerSecond: ['transferred_bytes_total'] },
    gauges: { connections: 'connections' },
  },
  msfs: {
    rates: {
      requestsPerSecond: ['http_requests_total'],
      bytesPerSecond: ['http_sent_bytes_total', 'http_received_bytes_total'],
    },
  },
  web_server: { rates: { requestsPerSecond: ['http_requests_total'] } },
  admin_server: { rates: { requestsPerSecond: ['requests_total'] } },
};

/** Whose metrics these are. */
export function serviceOf(samples: readonly Sample[]): string | undefined {
  return Object.keys(serviceMetrics).find((service) =>
    samples.some(({ name }) => name.startsWith(`teamtalk_${service}_`)),
  );
}

/** The figures between two readings of one instance; without an earlier one only those that are no rates. */
export function figuresOf(service: string, now: Reading, before: Reading | undefined): Figures {
  const { rates, gauges = {} } = serviceMetrics[service] ?? { rates: {} };
  // Process metrics have the names of prom-client; the previous version added the service's prefix.
  const value = ({ samples }: Reading, name: string): number | null =>
    sumOrNull(samples, `teamtalk_${service}_${name}`) ?? sumOrNull(samples, name);
  const growth = (name: string): number | null => {
    const [last, first] = [value(now, name), before ? value(before, name) : null];
    // A counter that decreased belongs to a new process at the same address.
    return last === null || first === null || last < first ? null : last - first;
  };
  const seconds = before ? (now.at - before.at) / 1000 : 0;
  const rate = (names: readonly string[] = []): number | null => {
    const grown = names.map(growth);
    if (grown.length === 0 || seconds <= 0 || grown.includes(null)) return null;
    return grown.reduce<number>((sum, each) => sum + each!, 0) / seconds;
  };
  const gauge = (name: string | undefined): number | null => (name ? value(now, name) : null);
  const [trips, tripSeconds] = [growth('bus_round_trip_seconds_count'), growth('bus_round_trip_seconds_sum')];
  return {
    connections: gauge(gauges.connections),
    takenPerSecond: rate(rates.takenPerSecond),
    ackedPerSecond: rate(rates.ackedPerSecond),
    deliveredPerSecond: rate(rates.deliveredPerSecond),
    requestsPerSecond: rate(rates.requestsPerSecond),
    bytesPerSecond: rate(rates.bytesPerSecond),
    outboxBatches: gauge(gauges.outboxBatches),
    outboxOldestSeconds: gauge(gauges.outboxOldestSeconds),
    eventLoopSeconds: value(now, 'nodejs_eventloop_lag_p99_seconds'),
    busSeconds: trips && tripSeconds !== null ? tripSeconds / trips : null,
    cpuCores: rate(['process_cpu_seconds_total']),
    memoryBytes: value(now, 'process_resident_memory_bytes'),
  };
}

function sumOrNull(samples: readonly Sample[], name: string): number | null {
  try {
    return sumOf(samples, name, {});
  } catch {
    return null;
  }
}

export const noFigures: Figures = {
  connections: null,
  takenPerSecond: null,
  ackedPerSecond: null,
  deliveredPerSecond: null,
  requestsPerSecond: null,
  bytesPerSecond: null,
  outboxBatches: null,
  outboxOldestSeconds: null,
  eventLoopSeconds: null,
  busSeconds: null,
  cpuCores: null,
  memoryBytes: null,
};
