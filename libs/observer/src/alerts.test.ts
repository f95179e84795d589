import { readMetrics } from '@teamtalk/service-kit';
import { expect, it } from 'vitest';
import { alertMetrics, findAlerts, type Observation } from './alerts.js';
import { noFigures } from './figures.js';
import type { Row } from './observer.js';
import type { Reading } from './probe.js';
import { RecentMetrics } from './recent-metrics.js';

const services = ['login_server', 'msg_server', 'db_proxy_server', 'msfs'];

function reading(atMs: number, text: string): Reading {
  return { at: atMs, samples: readMetrics(text), ready: true, draining: false, down: [] };
}

/** One instance of every service, healthy unless changed. */
function observe(
  change: Partial<Record<string, Partial<Row>>> = {},
  metrics: Partial<Record<string, readonly [before: string, after: string]>> = {},
): Observation {
  const rows = services.map(
    (service): Row => ({
      service,
      instance: service,
      address: `${service}:1`,
      state: 'up',
      note: '',
      version: '1.0.0',
      ...noFigures,
      ...change[service],
    }),
  );
  const recent = new RecentMetrics(alertMetrics(services));
  let readings = new Map<string, Reading>();
  for (const k of [0, 1] as const) {
    readings = new Map(
      services.map((service) => [service, reading(k * 10_000, metrics[service]?.[k] ?? '')]),
    );
    recent.add(readings);
  }
  const overview = { time: new Date(), source: '', doubt: null, rows, readings };
  return { overview, recent, expected: services, deadLetters: { webhooks: 0, pushes: null } };
}

function found(observation: Observation): [alert: string, subjects: string[]][] {
  return findAlerts(observation).map(({ alert, subjects }) => [alert, subjects]);
}

it('finds nothing where all is well', () => {
  expect(found(observe())).toEqual([]);
});

it('names the instance that is silent, and the service that nobody does any more', () => {
  expect(found(observe({ msfs: { state: 'lost' } }))).toEqual([
    ['TeamTalkInstanceDown', ['msfs msfs:1']],
    ['TeamTalkServiceAbsent', ['msfs']],
  ]);
  expect(found(observe({ msg_server: { state: 'draining' } }))).toEqual([['TeamTalkNoMsgServer', []]]);
});

it('compares figures with the thresholds of the rules for Prometheus', () => {
  expect(found(observe({ db_proxy_server: { outboxOldestSeconds: 10 } }))).toEqual([]);
  expect(found(observe({ db_proxy_server: { outboxOldestSeconds: 11 } }))).toEqual([
    ['TeamTalkOutboxStuck', ['db_proxy_server db_proxy_server:1']],
  ]);
  const limit = 'teamtalk_msg_server_connections_limit 100';
  const full = (connections: number) =>
    observe({ msg_server: { connections } }, { msg_server: [limit, limit] });
  expect(found(full(90))).toEqual([]);
  expect(found(full(91))).toEqual([['TeamTalkMsgServerNearlyFull', ['msg_server msg_server:1']]]);
});

it('tells what grows: refused logins, permissions, messages without a result', () => {
  const logins = 'teamtalk_db_proxy_server_logins_limited_total';
  const guessed = (times: number) =>
    observe({}, { db_proxy_server: [`${logins} 5`, `${logins} ${5 + times}`] });
  expect(found(guessed(10))).toEqual([]);
  expect(found(guessed(11))).toEqual([['TeamTalkLoginsRefused', []]]);
  const refused = 'teamtalk_msfs_bus_refused_total';
  expect(
    found(observe({}, { msfs: [`# TYPE ${refused} counter`, `${refused}{operation="publish"} 1`] })),
  ).toEqual([['TeamTalkPermissionMissing', ['msfs']]]);
  const dropped = 'teamtalk_msg_server_messages_dropped_total';
  const lost = (reason: string) =>
    observe({}, { msg_server: [`# TYPE ${dropped} counter`, `${dropped}{reason="${reason}"} 3`] });
  expect(found(lost('too-large'))).toEqual([]);
  expect(found(lost('no-result'))).toEqual([['TeamTalkMessagesRefused', []]]);
});

it('warns of certificates that expire within two weeks', () => {
  const expiring = (days: number) => {
    const text = `teamtalk_msfs_tls_certificate_expires_seconds ${Date.now() / 1000 + days * 86_400}`;
    return observe({}, { msfs: [text, text] });
  };
  expect(found(expiring(15))).toEqual([]);
  expect(found(expiring(13))).toEqual([['TeamTalkCertificateExpires', ['msfs msfs:1']]]);
});
