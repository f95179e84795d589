import { services } from '../installation.js';

/** Series that change from minute to minute, and what an alert does with them. */
export interface AlertCase {
  alert: string;
  /** in promtool's notation: `0x3 1x10` is four times 0, then eleven times 1 */
  series: Readonly<Record<string, string>>;
  /** minutes at which the alert has not fired yet, fires, and has stopped */
  quiet: number;
  rings: number;
  stops: number;
  /** in addition to its severity */
  labels: Readonly<Record<string, string>>;
  summary: string;
}

/** The series are bad from minute 4 to 10. */
const soon = { quiet: 3, rings: 7, stops: 12 };
/** An event in minute 4; its alert lasts for this many more minutes. */
const event = (forgotten: number) => ({ quiet: 3, rings: 5, stops: 6 + forgotten });
const a = { namespace: 'a' };
const i = { namespace: 'a', instance: 'i' };

/** All services in a namespace, with some series replaced. */
function installation(namespace: string, other: Readonly<Record<string, string>> = {}) {
  return Object.fromEntries(
    services.map((service) => [
      `teamtalk_${service}_bus_connected{namespace="${namespace}",instance="${service}"}`,
      other[service] ?? '1x40',
    ]),
  );
}

/** A histogram with a tenth of its observations above `bound` from minute 11 to 20, and none otherwise. */
function slow(histogram: string, bound: string, above: string) {
  return {
    [`${histogram}_bucket{namespace="a",le="${bound}"}`]: '0+100x10 1090+90x9 2000+100x20',
    [`${histogram}_bucket{namespace="a",le="${above}"}`]: '0+100x41',
    [`${histogram}_bucket{namespace="a",le="+Inf"}`]: '0+100x41',
  };
}

/** The metrics of a HorizontalPodAutoscaler. */
function autoscaler(labels: string, desired: string, least: number, most: number) {
  return {
    [`kube_horizontalpodautoscaler_status_desired_replicas{${labels}}`]: desired,
    [`kube_horizontalpodautoscaler_spec_min_replicas{${labels}}`]: `${least}x40`,
    [`kube_horizontalpodautoscaler_spec_max_replicas{${labels}}`]: `${most}x40`,
  };
}

export const alertCases: readonly AlertCase[] = [
  {
    alert: 'TeamTalkInstanceDown',
    series: {
      'up{job="push-server",namespace="a",instance="i"}': '1x3 0x6 1x10',
      'up{job="of-others",namespace="a",instance="i"}': '0x20',
    },
    ...soon,
    labels: { ...i, job: 'push-server' },
    summary: 'push-server i does not answer',
  },
  {
    // An instance in another namespace does not count.
    alert: 'TeamTalkServiceAbsent',
    series: { ...installation('a', { login_server: '1x3 stale _x6 1x10' }), ...installation('b') },
    ...soon,
    labels: { ...a, service: 'login_server' },
    summary: 'no login_server answers Prometheus in a',
  },
  {
    alert: 'TeamTalkNothingWatched',
    series: { 'teamtalk_msfs_bus_connected{namespace="a"}': '1x3 stale _x8 1x10' },
    quiet: 3,
    rings: 10,
    stops: 14,
    labels: {},
    summary: 'Prometheus sees no service of TeamTalk at all',
  },
  {
    alert: 'TeamTalkNoMsgServer',
    series: {
      'teamtalk_login_server_msg_servers{namespace="a"}': '2x3 0x6 2x10',
      'teamtalk_login_server_msg_servers{namespace="b"}': '2x20',
    },
    ...soon,
    labels: a,
    summary: 'no msg_server is running: clients cannot log in',
  },
  {
    alert: 'TeamTalkPostgresDown',
    series: {
      'teamtalk_db_proxy_server_postgres_up{namespace="a"}': '1x3 0x6 1x10',
      'teamtalk_db_proxy_server_postgres_up{namespace="b"}': '1x20',
    },
    ...soon,
    labels: a,
    summary: 'no db_proxy_server can reach PostgreSQL',
  },
  {
    alert: 'TeamTalkStoreEpoch',
    series: { 'teamtalk_db_proxy_server_store_epochs_total{namespace="a"}': '0x3 1x40' },
    ...event(15),
    labels: a,
    summary: 'PostgreSQL has, or may have, lost acknowledged messages',
  },
  {
    alert: 'TeamTalkNatsDisconnected',
    series: { 'teamtalk_route_server_bus_connected{namespace="a",instance="i"}': '1x3 0x6 1x10' },
    ...soon,
    labels: i,
    summary: 'i has no connection to NATS',
  },
  {
    alert: 'TeamTalkNatsSlowConsumer',
    series: { 'nats_varz_slow_consumers{namespace="a",server_id="n"}': '0x3 2x40' },
    ...event(10),
    labels: a,
    summary: 'NATS has disconnected a slow consumer',
  },
  {
    alert: 'TeamTalkPermissionMissing',
    series: {
      'teamtalk_db_proxy_server_grpc_refused_total{namespace="a",instance="i",method="m"}': '0x3 1x40',
    },
    ...event(10),
    labels: i,
    summary: 'i was denied a permission by NATS, or denied one to a caller',
  },
  {
    // A labelled counter starts to exist with its first event.
    alert: 'TeamTalkPermissionMissing',
    series: { 'teamtalk_msfs_bus_refused_total{namespace="a",instance="i",operation="publish"}': '_x4 1x40' },
    ...event(10),
    labels: i,
    summary: 'i was denied a permission by NATS, or denied one to a caller',
  },
  {
    alert: 'TeamTalkMessagesRefused',
    series: {
      'teamtalk_msg_server_messages_dropped_total{namespace="a",reason="no-result"}': '0x3 60+60x6 420x20',
    },
    quiet: 3,
    rings: 8,
    stops: 15,
    labels: a,
    summary: 'messages are not acknowledged because the store is unavailable',
  },
  {
    alert: 'TeamTalkOutboxStuck',
    series: { 'teamtalk_db_proxy_server_outbox_oldest_seconds{namespace="a"}': '0x3 30x6 0x10' },
    ...soon,
    labels: a,
    summary: 'stored messages are not being delivered',
  },
  {
    alert: 'TeamTalkSlowAcknowledgements',
    series: slow('teamtalk_msg_server_append_seconds', '0.5', '1'),
    quiet: 9,
    rings: 18,
    stops: 28,
    labels: a,
    summary: '1 % of the messages take longer than 0.5 s to be acknowledged',
  },
  {
    alert: 'TeamTalkSlowDelivery',
    series: slow('teamtalk_msg_server_delivery_seconds', '1', '2.5'),
    quiet: 9,
    rings: 18,
    stops: 28,
    labels: a,
    summary: '1 % of the messages take longer than 1 s to reach their receivers',
  },
  {
    alert: 'TeamTalkEventLoopLag',
    series: {
      'nodejs_eventloop_lag_p99_seconds{job="msg-server",namespace="a",instance="i"}':
        '0.01x3 0.3x10 0.01x10',
      'nodejs_eventloop_lag_p99_seconds{job="of-others",namespace="a",instance="i"}': '0.3x30',
    },
    quiet: 3,
    rings: 11,
    stops: 16,
    labels: { ...i, job: 'msg-server' },
    summary: 'the event loop of msg-server i lags by more than 0.2 s',
  },
  {
    alert: 'TeamTalkMsgServerNearlyFull',
    series: {
      'teamtalk_msg_server_connections{namespace="a",instance="i"}': '900x3 950x10 900x10',
      'teamtalk_msg_server_connections_limit{namespace="a",instance="i"}': '1000x30',
      'teamtalk_msg_server_connections{namespace="a",instance="large"}': '950x30',
      'teamtalk_msg_server_connections_limit{namespace="a",instance="large"}': '20000x30',
    },
    quiet: 3,
    rings: 11,
    stops: 16,
    labels: i,
    summary: 'i has reached 95% of its connection limit',
  },
  {
    // Neither one with a fixed number of pods nor one of another application.
    alert: 'TeamTalkAutoscalerAtMaximum',
    series: {
      ...autoscaler('namespace="a",horizontalpodautoscaler="file-server"', '4x3 6x20 4x10', 2, 6),
      ...autoscaler('namespace="a",horizontalpodautoscaler="msg-server"', '2x40', 2, 2),
      ...autoscaler('namespace="of-others",horizontalpodautoscaler="file-server"', '6x40', 2, 6),
      ...installation('a'),
    },
    quiet: 3,
    rings: 21,
    stops: 26,
    labels: { ...a, horizontalpodautoscaler: 'file-server' },
    summary: 'file-server has reached its maximum number of pods and may need more',
  },
  {
    alert: 'TeamTalkLoginsRefused',
    series: {
      'teamtalk_db_proxy_server_logins_limited_total{namespace="a",limit="name"}': '0x5 600+600x12 7800x20',
    },
    quiet: 5,
    rings: 14,
    stops: 26,
    labels: a,
    summary: 'somebody is guessing passwords: logins are refused without a check',
  },
  {
    alert: 'TeamTalkPushErrors',
    series: {
      'teamtalk_http_msg_server_http_requests_total{namespace="a",error_code="9"}': '0x5 60+60x12 780x20',
      'teamtalk_http_msg_server_http_requests_total{namespace="b",error_code="0"}': '0+60x40',
    },
    quiet: 5,
    rings: 14,
    stops: 26,
    labels: a,
    summary: 'HTTP API calls of internal systems end in error 9',
  },
  {
    alert: 'TeamTalkWebhookDeadLetters',
    series: { 'teamtalk_db_proxy_server_webhook_dead_letters_total{namespace="a"}': '0x3 1x90' },
    ...event(60),
    labels: a,
    summary: 'events for a webhook are no longer retried: its receiver has refused them for two hours',
  },
  {
    alert: 'TeamTalkPushDeadLetters',
    series: {
      'teamtalk_push_server_pushes_total{namespace="a",provider="apns",outcome="refused"}': '_x4 1x90',
      'teamtalk_push_server_pushes_total{namespace="a",provider="fcm",outcome="retry"}': '_x4 1x90',
    },
    ...event(60),
    labels: { ...a, provider: 'apns' },
    summary: 'apns rejects pushes permanently',
  },
  {
    alert: 'TeamTalkPushProviderBlocked',
    series: {
      'teamtalk_push_server_providers_blocked{namespace="a",provider="apns"}': '0x3 1x6 0x10',
      'teamtalk_push_server_providers_blocked{namespace="a",provider="fcm"}': '0x20',
    },
    ...soon,
    labels: { ...a, provider: 'apns' },
    summary: 'apns accepts no pushes: phones do not ring',
  },
  {
    alert: 'TeamTalkPushProviderUnreachable',
    series: {
      'teamtalk_push_server_pushes_total{namespace="a",provider="apns",outcome="retry"}': '0x4 2+2x25 52x30',
      'teamtalk_push_server_pushes_total{namespace="a",provider="apns",outcome="accepted"}':
        '0+1x4 4x25 5+1x30',
      'teamtalk_push_server_pushes_total{namespace="a",provider="fcm",outcome="retry"}': '0+2x60',
      'teamtalk_push_server_pushes_total{namespace="a",provider="fcm",outcome="accepted"}': '0+1x60',
      // A single device that is retried once a minute.
      'teamtalk_push_server_pushes_total{namespace="a",provider="hms",outcome="retry"}': '0+1x60',
    },
    quiet: 16,
    rings: 24,
    stops: 36,
    labels: { ...a, provider: 'apns' },
    summary: 'apns has accepted no push for ten minutes: phones do not ring',
  },
  {
    alert: 'TeamTalkPushDevicesGone',
    series: {
      'teamtalk_push_server_pushes_total{namespace="a",provider="apns",outcome="gone"}': '0x4 5+5x9 50x40',
      'teamtalk_push_server_pushes_total{namespace="a",provider="apns",outcome="accepted"}': '0+1x60',
      // Few, and few of many.
      'teamtalk_push_server_pushes_total{namespace="a",provider="hms",outcome="gone"}': '0x4 1+1x9 10x40',
      'teamtalk_push_server_pushes_total{namespace="a",provider="fcm",outcome="gone"}': '0x4 5+5x9 50x40',
      'teamtalk_push_server_pushes_total{namespace="a",provider="fcm",outcome="accepted"}': '0+10x60',
    },
    quiet: 4,
    rings: 16,
    stops: 40,
    labels: { ...a, provider: 'apns' },
    summary: 'apns says of most devices that they are gone',
  },
  {
    alert: 'TeamTalkDamagedFiles',
    series: { 'teamtalk_file_server_parts_damaged_total{namespace="a",instance="i"}': '0x3 1x40' },
    ...event(10),
    labels: i,
    summary: 'parts of stored files are missing or damaged',
  },
  {
    alert: 'TeamTalkUploadsOverdue',
    series: { 'teamtalk_msfs_uploads_overdue{namespace="a",instance="i"}': '0x3 3x6 0x10' },
    ...soon,
    labels: i,
    summary: 'i has 3 uploads that do not finish',
  },
  {
    alert: 'TeamTalkCertificateExpires',
    series: {
      'teamtalk_file_server_tls_certificate_expires_seconds{namespace="a",instance="i"}':
        '864000x70 8640000x20',
    },
    quiet: 30,
    rings: 65,
    stops: 72,
    labels: i,
    summary: 'the certificate for clients expires in 9d 22h 55m 0s',
  },
  {
    alert: 'TeamTalkBackupOld',
    series: {
      'cnpg_collector_last_available_backup_timestamp{namespace="a",pod="p"}': '0x3 -100000x30 0x30',
    },
    quiet: 3,
    rings: 25,
    stops: 36,
    labels: a,
    summary: 'PostgreSQL has no backup of the last 26 hours',
  },
];
