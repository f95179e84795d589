import { type Sample, sumOf } from '@teamtalk/service-kit';
import type { Overview, Row } from './observer.js';
import type { Reading } from './probe.js';
import type { RecentMetrics } from './recent-metrics.js';
import { thresholds } from './thresholds.js';

/** What alerts are decided by. */
export interface Observation {
  overview: Overview;
  recent: RecentMetrics;
  /** services that have been seen before, or that no installation works without */
  expected: readonly string[];
  /** lately; null: not known */
  deadLetters: { webhooks: number | null; pushes: number | null };
}

export interface AlertFinding {
  /** its name, which is its heading in docs/guides/alerts.md */
  alert: string;
  severity: 'critical' | 'warning';
  /** how long it has to be found before it counts, milliseconds */
  afterMs: number;
  /** instances or services that it is about; empty: the installation */
  subjects: string[];
}

interface Condition {
  alert: string;
  severity: AlertFinding['severity'];
  afterMs?: number;
  /** @returns undefined: it does not hold */
  find(observation: Observation): string[] | undefined;
}

const dropped = 'teamtalk_msg_server_messages_dropped_total';
const loginsLimited = 'teamtalk_db_proxy_server_logins_limited_total';
const legacyCalls = 'teamtalk_http_msg_server_http_requests_total';
const epochs = 'teamtalk_db_proxy_server_store_epochs_total';
const damaged = 'teamtalk_file_server_parts_damaged_total';
const pushes = 'teamtalk_push_server_pushes_total';
const append = 'teamtalk_msg_server_append_seconds';
const delivery = 'teamtalk_msg_server_delivery_seconds';
const refusals = ['bus_refused_total', 'grpc_refused_total'];

/** The metrics whose recent growth the conditions below need. */
export function alertMetrics(services: readonly string[]): string[] {
  const refused = services.flatMap((service) => refusals.map((name) => `teamtalk_${service}_${name}`));
  const histograms = [append, delivery].map((name) => `${name}_bucket`);
  return [dropped, loginsLimited, legacyCalls, epochs, damaged, pushes, ...refused, ...histograms];
}

/** In the order of docs/guides/alerts.md; each decides like the rule of the same name for Prometheus. */
const conditions: readonly Condition[] = [
  {
    alert: 'TeamTalkInstanceDown',
    severity: 'warning',
    find: ({ overview }) => some(overview.rows.filter(({ state }) => state === 'lost').map(nameOf)),
  },
  {
    alert: 'TeamTalkServiceAbsent',
    severity: 'critical',
    afterMs: 5_000,
    find: ({ overview, expected }) =>
      some(expected.filter((service) => !running(overview).some((row) => row.service === service))),
  },
  {
    alert: 'TeamTalkNoMsgServer',
    severity: 'critical',
    afterMs: 5_000,
    find: ({ overview }) =>
      running(overview).some(({ service, state }) => service === 'msg_server' && state !== 'draining')
        ? undefined
        : [],
  },
  {
    alert: 'TeamTalkStoreEpoch',
    severity: 'critical',
    find: ({ recent }) => when((recent.growth(epochs) ?? 0) > 0),
  },
  {
    alert: 'TeamTalkNatsDisconnected',
    severity: 'critical',
    afterMs: 5_000,
    find: (seen) =>
      instances(
        seen,
        (service) => `teamtalk_${service}_bus_connected`,
        (value) => value === 0,
      ),
  },
  {
    alert: 'TeamTalkPermissionMissing',
    severity: 'critical',
    find: ({ recent, expected }) =>
      some(
        expected.filter((service) =>
          refusals.some((name) => (recent.growth(`teamtalk_${service}_${name}`) ?? 0) > 0),
        ),
      ),
  },
  {
    alert: 'TeamTalkMessagesRefused',
    severity: 'critical',
    find: ({ recent }) =>
      when((recent.growth(dropped, { reason: ['store-unavailable', 'no-result'] }) ?? 0) > 0),
  },
  {
    alert: 'TeamTalkOutboxStuck',
    severity: 'critical',
    find: ({ overview }) =>
      some(
        running(overview)
          .filter(({ outboxOldestSeconds }) => (outboxOldestSeconds ?? 0) > thresholds.outboxSeconds)
          .map(nameOf),
      ),
  },
  {
    alert: 'TeamTalkSlowAcknowledgements',
    severity: 'warning',
    find: ({ recent }) => when((recent.quantile(append, 0.99) ?? 0) > thresholds.acknowledgeSeconds),
  },
  {
    alert: 'TeamTalkSlowDelivery',
    severity: 'warning',
    find: ({ recent }) => when((recent.quantile(delivery, 0.99) ?? 0) > thresholds.deliverySeconds),
  },
  {
    alert: 'TeamTalkEventLoopLag',
    severity: 'warning',
    afterMs: 10_000,
    find: ({ overview }) =>
      some(
        running(overview)
          .filter(({ eventLoopSeconds }) => (eventLoopSeconds ?? 0) > thresholds.eventLoopSeconds)
          .map(nameOf),
      ),
  },
  {
    alert: 'TeamTalkMsgServerNearlyFull',
    severity: 'warning',
    find: (seen) =>
      instances(
        seen,
        () => 'teamtalk_msg_server_connections_limit',
        (limit, { connections }) => (connections ?? 0) / limit > thresholds.connections,
      ),
  },
  {
    alert: 'TeamTalkLoginsRefused',
    severity: 'warning',
    find: ({ recent }) => when((recent.perSecond(loginsLimited) ?? 0) > thresholds.loginsRefused),
  },
  {
    alert: 'TeamTalkPushErrors',
    severity: 'warning',
    find: ({ recent }) =>
      when((recent.perSecond(legacyCalls, { error_code: ['9'] }) ?? 0) > thresholds.callsFailed),
  },
  {
    alert: 'TeamTalkWebhookDeadLetters',
    severity: 'warning',
    find: ({ deadLetters }) => when((deadLetters.webhooks ?? 0) > 0),
  },
  {
    alert: 'TeamTalkPushDeadLetters',
    severity: 'warning',
    find: ({ deadLetters }) => when((deadLetters.pushes ?? 0) > 0),
  },
  {
    alert: 'TeamTalkPushProviderBlocked',
    severity: 'warning',
    find: (seen) =>
      instances(
        seen,
        () => 'teamtalk_push_server_providers_blocked',
        (value) => value > 0,
      ),
  },
  {
    alert: 'TeamTalkDamagedFiles',
    severity: 'critical',
    find: ({ recent }) => when((recent.growth(damaged) ?? 0) > 0),
  },
  {
    alert: 'TeamTalkUploadsOverdue',
    severity: 'warning',
    find: (seen) =>
      instances(
        seen,
        () => 'teamtalk_msfs_uploads_overdue',
        (value) => value > 0,
      ),
  },
  {
    alert: 'TeamTalkCertificateExpires',
    severity: 'warning',
    find: (seen) =>
      instances(
        seen,
        (service) => `teamtalk_${service}_tls_certificate_expires_seconds`,
        // 0: it has no certificate.
        (expires) => expires > 0 && expires - Date.now() / 1000 < thresholds.certificateDays * 86_400,
      ),
  },
];

/** The alerts that are decided here. */
export const alertsHere: readonly string[] = conditions.map(({ alert }) => alert);

/** Those that only Prometheus can decide: about itself, about what is no service, about more than a minute, or that end the console's own work. */
export const alertsElsewhere: readonly string[] = [
  'TeamTalkNothingWatched',
  'TeamTalkPostgresDown',
  'TeamTalkNatsSlowConsumer',
  'TeamTalkAutoscalerAtMaximum',
  'TeamTalkPushProviderUnreachable',
  'TeamTalkPushDevicesGone',
  'TeamTalkBackupOld',
  'TeamTalkCanaryLost',
  'TeamTalkCanaryBudgetBurning',
  'TeamTalkCanaryBudgetLow',
  'TeamTalkCanarySilent',
  'TeamTalkCanaryServerUnwatched',
];

/** What holds at this moment. */
export function findAlerts(observation: Observation): AlertFinding[] {
  return conditions.flatMap(({ alert, severity, afterMs = 0, find }) => {
    const subjects = find(observation);
    return subjects ? [{ alert, severity, afterMs, subjects }] : [];
  });
}

/** @returns undefined: an instance has no such metric */
export function metricOf(samples: readonly Sample[], name: string): number | undefined {
  return samples.some((sample) => sample.name === name) ? sumOf(samples, name, {}) : undefined;
}

function instances(
  { overview }: Observation,
  metric: (service: string) => string,
  holds: (value: number, row: Row) => boolean,
): string[] | undefined {
  return some(
    running(overview)
      .filter((row) => {
        const reading: Reading | undefined = overview.readings.get(row.instance ?? row.address);
        const value = reading && metricOf(reading.samples, metric(row.service));
        return value !== undefined && holds(value, row);
      })
      .map(nameOf),
  );
}

function running({ rows }: Overview): Row[] {
  return rows.filter(({ state }) => state !== 'lost' && state !== 'stopped');
}

function nameOf({ service, address, instance }: Row): string {
  return `${service} ${address || instance}`;
}

function some(subjects: string[]): string[] | undefined {
  return subjects.length > 0 ? subjects : undefined;
}

function when(holds: boolean): [] | undefined {
  return holds ? [] : undefined;
}
