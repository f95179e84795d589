import type { Metrics } from '@teamtalk/service-kit';
import type { ProxyHeaderErrorReason } from './proxy-header.js';

interface CounterBy<Label extends string, Value extends string> {
  inc(labels: Record<Label, Value>): void;
}

/** Why a connection behind a load balancer was closed before its first PDU. */
export type ProxyRefusal = ProxyHeaderErrorReason | 'timeout' | 'untrusted';

/** Counters of TLS. */
export interface TlsMetrics {
  readonly handshakesFailed: { inc(): void };
  readonly certificateReloads: CounterBy<'outcome', 'ok' | 'refused'>;
}

/** Counters of the listener layers. */
export interface ListenerMetrics extends TlsMetrics {
  readonly refusedSockets: { inc(): void };
  readonly refusedByAddress: { inc(): void };
  readonly proxyRefused: CounterBy<'reason', ProxyRefusal>;
  readonly upgradesRefused: CounterBy<'reason', 'origin' | 'no-upgrade' | 'bad-request'>;
}

/** The same names in every service with clients. */
export function listenerMetrics(metrics: Metrics): ListenerMetrics {
  return {
    refusedSockets: metrics.counter(
      'connections_refused_total',
      'Connections refused because too many are open',
    ),
    refusedByAddress: metrics.counter(
      'connections_refused_by_address_total',
      'Connections refused because their address has too many',
    ),
    proxyRefused: metrics.counter(
      'proxy_headers_refused_total',
      'Connections closed because they did not begin with a valid PROXY header, by reason',
      ['reason'],
    ),
    ...tlsMetrics(metrics),
    upgradesRefused: metrics.counter(
      'websocket_upgrades_refused_total',
      'HTTP requests to the WebSocket port that were not upgraded, by reason',
      ['reason'],
    ),
  };
}

/** The same names in every service that can speak TLS to clients. */
export function tlsMetrics(metrics: Metrics): TlsMetrics {
  return {
    handshakesFailed: metrics.counter('tls_handshakes_failed_total', 'TLS handshakes that failed'),
    certificateReloads: metrics.counter(
      'tls_certificate_reloads_total',
      'Reloads of changed certificate files, by outcome; when one is refused, the old certificate stays in use',
      ['outcome'],
    ),
  };
}
