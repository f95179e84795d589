import { thresholds } from '@teamtalk/observer';
import type { Alert } from './alert.js';
import { canaryAlerts } from './canary-alerts.js';
import { everyInstance, everyJob, everyWorkload, services } from './installation.js';

/**
 * Whether a counter has grown. A series with labels first appears with the value 1 and not 0, which `increase` does not
 * count as growth.
 */
function hasGrown(counter: string, by: string, time: string): string {
  const sum = (vector: string) => `sum by (${by}) (${vector}) > 0`;
  return `${sum(`increase(${counter}[${time}])`)} or ${sum(`${counter} unless ${counter} offset ${time}`)}`;
}

/** The 99th percentile of a histogram in seconds, by namespace. */
function p99(histogram: string): string {
  return `histogram_quantile(0.99, sum by (namespace, le) (rate(${histogram}_bucket[5m])))`;
}

/** Outcomes of pushes that a provider has answered. */
const answers = 'accepted|gone|refused|unsupported';

/** Recent pushes of each provider with an outcome, or several. */
function pushesBy(outcomes: string, time: string): string {
  const counter = `teamtalk_push_server_pushes_total{outcome=~"${outcomes}"}`;
  return `sum by (namespace, provider) (increase(${counter}[${time}]))`;
}

const absent: readonly Alert[] = [
  ...services.map(
    (service): Alert => ({
      alert: 'TeamTalkServiceAbsent',
      expr: `group by (namespace) (last_over_time(${everyInstance}[1h])) unless group by (namespace) (teamtalk_${service}_bus_connected)`,
      for: '2m',
      severity: 'critical',
      service,
      summary: `no ${service} answers Prometheus{{ with $labels.namespace }} in {{ . }}{{ end }}`,
    }),
  ),
  {
    alert: 'TeamTalkNothingWatched',
    expr: `absent(${everyInstance})`,
    for: '5m',
    severity: 'critical',
    summary: 'Prometheus sees no service of TeamTalk at all',
  },
];

/** In the order of docs/guides/alerts.md. */
export const alerts: readonly Alert[] = [
  {
    alert: 'TeamTalkInstanceDown',
    expr: `up{${everyJob}} == 0`,
    for: '1m',
    severity: 'warning',
    summary: '{{ $labels.job }} {{ $labels.instance }} does not answer',
  },
  ...absent,
  {
    alert: 'TeamTalkNoMsgServer',
    expr: 'max by (namespace) (teamtalk_login_server_msg_servers) == 0',
    for: '30s',
    severity: 'critical',
    summary: 'no msg_server is running: clients cannot log in',
  },
  {
    alert: 'TeamTalkPostgresDown',
    expr: 'max by (namespace) (teamtalk_db_proxy_server_postgres_up) == 0',
    for: '30s',
    severity: 'critical',
    summary: 'no db_proxy_server can reach PostgreSQL',
  },
  {
    alert: 'TeamTalkStoreEpoch',
    expr: 'sum by (namespace) (increase(teamtalk_db_proxy_server_store_epochs_total[15m])) > 0',
    severity: 'critical',
    summary: 'PostgreSQL has, or may have, lost acknowledged messages',
  },
  {
    alert: 'TeamTalkNatsDisconnected',
    expr: `${everyInstance} == 0`,
    for: '1m',
    severity: 'critical',
    summary: '{{ $labels.instance }} has no connection to NATS',
  },
  {
    alert: 'TeamTalkNatsSlowConsumer',
    expr: 'sum by (namespace) (increase({__name__=~"(nats|gnatsd)_varz_slow_consumers"}[10m])) > 0',
    severity: 'warning',
    summary: 'NATS has disconnected a slow consumer',
  },
  {
    alert: 'TeamTalkPermissionMissing',
    expr: hasGrown('{__name__=~"teamtalk_.+_(bus|grpc)_refused_total"}', 'namespace, instance', '10m'),
    severity: 'critical',
    summary: '{{ $labels.instance }} was denied a permission by NATS, or denied one to a caller',
  },
  {
    alert: 'TeamTalkMessagesRefused',
    expr: 'sum by (namespace) (rate(teamtalk_msg_server_messages_dropped_total{reason=~"store-unavailable|no-result"}[2m])) > 0',
    for: '2m',
    severity: 'critical',
    summary: 'messages are not acknowledged because the store is unavailable',
  },
  {
    alert: 'TeamTalkOutboxStuck',
    expr: `max by (namespace) (teamtalk_db_proxy_server_outbox_oldest_seconds) > ${thresholds.outboxSeconds}`,
    for: '1m',
    severity: 'critical',
    summary: 'stored messages are not being delivered',
  },
  {
    alert: 'TeamTalkSlowAcknowledgements',
    expr: `${p99('teamtalk_msg_server_append_seconds')} > ${thresholds.acknowledgeSeconds}`,
    for: '5m',
    severity: 'warning',
    summary: `1 % of the messages take longer than ${thresholds.acknowledgeSeconds} s to be acknowledged`,
  },
  {
    alert: 'TeamTalkSlowDelivery',
    expr: `${p99('teamtalk_msg_server_delivery_seconds')} > ${thresholds.deliverySeconds}`,
    for: '5m',
    severity: 'warning',
    summary: `1 % of the messages take longer than ${thresholds.deliverySeconds} s to reach their receivers`,
  },
  {
    alert: 'TeamTalkEventLoopLag',
    expr: `nodejs_eventloop_lag_p99_seconds{${everyJob}} > ${thresholds.eventLoopSeconds}`,
    for: '5m',
    severity: 'warning',
    summary: `the event loop of {{ $labels.job }} {{ $labels.instance }} lags by more than ${thresholds.eventLoopSeconds} s`,
  },
  {
    alert: 'TeamTalkMsgServerNearlyFull',
    expr: `teamtalk_msg_server_connections / teamtalk_msg_server_connections_limit > ${thresholds.connections}`,
    for: '5m',
    severity: 'warning',
    summary: '{{ $labels.instance }} has reached {{ $value | humanizePercentage }} of its connection limit',
  },
  {
    alert: 'TeamTalkAutoscalerAtMaximum',
    expr: [
      `kube_horizontalpodautoscaler_status_desired_replicas{horizontalpodautoscaler=~"${everyWorkload}"} == kube_horizontalpodautoscaler_spec_max_replicas`,
      'kube_horizontalpodautoscaler_spec_max_replicas > kube_horizontalpodautoscaler_spec_min_replicas',
      `on (namespace) group by (namespace) (${everyInstance})`,
    ].join(' and '),
    for: '15m',
    severity: 'warning',
    summary: '{{ $labels.horizontalpodautoscaler }} has reached its maximum number of pods and may need more',
  },
  {
    alert: 'TeamTalkLoginsRefused',
    expr: `sum by (namespace) (rate(teamtalk_db_proxy_server_logins_limited_total[5m])) > ${thresholds.loginsRefused}`,
    for: '5m',
    severity: 'warning',
    summary: 'somebody is guessing passwords: logins are refused without a check',
  },
  {
    alert: 'TeamTalkPushErrors',
    expr: `sum by (namespace) (rate(teamtalk_http_msg_server_http_requests_total{error_code="9"}[5m])) > ${thresholds.callsFailed}`,
    for: '5m',
    severity: 'warning',
    summary: 'HTTP API calls of internal systems end in error 9',
  },
  {
    alert: 'TeamTalkWebhookDeadLetters',
    expr: 'sum by (namespace) (increase(teamtalk_db_proxy_server_webhook_dead_letters_total[1h])) > 0',
    severity: 'warning',
    summary: 'events for a webhook are no longer retried: its receiver has refused them for two hours',
  },
  {
    alert: 'TeamTalkPushDeadLetters',
    expr: hasGrown('teamtalk_push_server_pushes_total{outcome="refused"}', 'namespace, provider', '1h'),
    severity: 'warning',
    summary: '{{ $labels.provider }} rejects pushes permanently',
  },
  {
    alert: 'TeamTalkPushProviderBlocked',
    expr: 'max by (namespace, provider) (teamtalk_push_server_providers_blocked) > 0',
    for: '2m',
    severity: 'warning',
    summary: '{{ $labels.provider }} accepts no pushes: phones do not ring',
  },
  {
    alert: 'TeamTalkPushProviderUnreachable',
    expr: `${pushesBy('retry', '5m')} >= 7 unless ${pushesBy('accepted', '5m')} > 0`,
    for: '10m',
    severity: 'warning',
    summary: '{{ $labels.provider }} has accepted no push for ten minutes: phones do not ring',
  },
  {
    alert: 'TeamTalkPushDevicesGone',
    expr: `${pushesBy('gone', '15m')} / ${pushesBy(answers, '15m')} > 0.5 and ${pushesBy(answers, '15m')} >= 20`,
    severity: 'warning',
    summary: '{{ $labels.provider }} says of most devices that they are gone',
  },
  {
    alert: 'TeamTalkDamagedFiles',
    expr: 'sum by (namespace, instance) (increase(teamtalk_file_server_parts_damaged_total[10m])) > 0',
    severity: 'critical',
    summary: 'parts of stored files are missing or damaged',
  },
  {
    alert: 'TeamTalkUploadsOverdue',
    expr: 'teamtalk_msfs_uploads_overdue > 0',
    for: '2m',
    severity: 'warning',
    summary: '{{ $labels.instance }} has {{ $value }} uploads that do not finish',
  },
  {
    alert: 'TeamTalkCertificateExpires',
    expr: `{__name__=~"teamtalk_.+_tls_certificate_expires_seconds"} - time() < ${thresholds.certificateDays} * 86400`,
    for: '1h',
    severity: 'warning',
    summary: 'the certificate for clients expires in {{ $value | humanizeDuration }}',
  },
  {
    alert: 'TeamTalkBackupOld',
    expr: `time() - max by (namespace) ({__name__=~"(cnpg_collector|barman_cloud_cloudnative_pg_io)_last_available_backup_timestamp"}) > ${thresholds.backupHours} * 3600`,
    for: '15m',
    severity: 'critical',
    summary: `PostgreSQL has no backup of the last ${thresholds.backupHours} hours`,
  },
  ...canaryAlerts,
];
