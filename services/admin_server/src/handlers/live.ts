import { ask, momentOf } from '@teamtalk/administration';
import type { Registry } from '@teamtalk/bus';
import { metricOf, type Overview, type Row, totalsOf } from '@teamtalk/observer';
import { clientClassOf } from '@teamtalk/protocol';
import { type consoleApi, consoleWork } from '@teamtalk/rpc';
import { formatInstance } from '@teamtalk/service-kit';
import type { ApiReply } from '../api/index.js';
import { type Build, toldAddresses, withRecorded } from '../live/client-counts.js';
import type { Call, Handlers } from './handler.js';

type Activity = ApiReply<'getActivity'>;
type ShownBuild = ApiReply<'listClients'>['builds'][number];
type Setting = ApiReply<'listSettings'>['settings'][number];

const delivery = 'teamtalk_msg_server_delivery_seconds';
const clientNames: Readonly<Record<number, ShownBuild['client']>> = {
  1: 'windows',
  2: 'mac',
  17: 'ios',
  18: 'android',
};

export const live: Handlers<'getActivity' | 'listClients' | 'listSettings'> = {
  async getActivity(call) {
    const [store, look] = await Promise.all([ask(call, consoleWork.getQueues, {}), call.live.look()]);
    const { overview, recent, clients } = look;
    const { ackedPerSecond, deliveredPerSecond } = totalsOf(overview.rows);
    // Pushes are counted by push_servers, not by the store.
    const pushes = recent.growth('teamtalk_push_server_pushes_total', { outcome: ['refused'] });
    const alerts = call.live.alerts(look, { webhooks: store.deadWebhooks, pushes });
    return {
      messages_per_second: ackedPerSecond,
      deliveries_per_second: deliveredPerSecond,
      delivery_p50_seconds: recent.quantile(delivery, 0.5),
      delivery_p99_seconds: recent.quantile(delivery, 0.99),
      queues: (store.queues as consoleApi.console.Queue[]).map(({ name, waiting, oldestSeconds }) => ({
        queue: name as Activity['queues'][number]['queue'],
        waiting,
        oldest_seconds: oldestSeconds,
      })),
      classes: clients.classes.map(({ clientClass, ...counts }) => ({ class: clientClass, ...counts })),
      versions: versionsOf(overview),
      certificates: certificatesOf(overview),
      alerts: alerts.map(({ alert, severity, subjects, since }) => ({
        alert,
        severity,
        subjects,
        since: since.toISOString(),
      })),
      unread: overview.rows
        .filter(({ state }) => state === 'no answer')
        .map((row) => ({ instance: nameOf(row), reason: row.note })),
      doubt: overview.doubt,
    };
  },

  async listClients(call) {
    const [{ clients }, recorded] = await Promise.all([
      call.live.look(),
      ask(call, consoleWork.listClients, {}),
    ]);
    const builds = withRecorded(clients.builds, recorded.clients as consoleApi.console.SeenClient[]);
    return {
      builds: builds.map(shownBuild).sort((a, b) => b.users - a.users || b.logins - a.logins),
      unanswered: clients.unanswered,
    };
  },

  async listSettings(call) {
    const [told] = await Promise.all([toldAddresses(call.bus, call.loginServers), mayRead(call)]);
    return {
      settings: [
        ...told.flatMap(({ addresses, hostname, instance }): Setting[] => {
          const where = { service: 'login_server', host: hostname, instance: formatInstance(instance) };
          if (!addresses) return [{ ...where, variable: '', value: null, by_default: null }];
          return addresses.map(({ variable, value, byDefault }) => {
            return { ...where, variable, value, by_default: byDefault };
          });
        }),
        ...advertised(call.msgServers, 'msg_server', ['ADVERTISE_IP1', 'ADVERTISE_IP2']),
        ...advertised(call.fileServers, 'file_server', ['ADVERTISE_IP']),
      ],
    };
  },
};

/** Has db_proxy_server check that the session may read the overview: msg_servers and login_servers know no sessions. */
function mayRead(call: Call): Promise<unknown> {
  return ask(call, consoleWork.getQueues, {});
}

/** What instances announce as the addresses that clients dial. */
function advertised(registry: Registry, service: string, variables: readonly string[]): Setting[] {
  return registry.all().flatMap(({ instance, hostname, ip1, ip2, port }) => {
    const where = { service, host: hostname, instance: formatInstance(instance), by_default: null };
    const addresses = variables.map((variable, k) => ({
      ...where,
      variable,
      value: (k === 0 ? ip1 : ip2) || ip1,
    }));
    return [...addresses, { ...where, variable: 'ADVERTISE_PORT', value: String(port) }];
  });
}

function shownBuild({
  clientType,
  version,
  isBot,
  firstSeen,
  lastSeen,
  faults,
  ...counts
}: Build): ShownBuild {
  const momentOrNull = (at: number) => (at === 0 ? null : momentOf(at));
  const isCollective = clientType === 0;
  return {
    ...counts,
    client: clientNames[clientType] ?? null,
    version,
    class: isCollective ? null : clientClassOf(clientType, version, isBot),
    collective: isCollective,
    first_seen: momentOrNull(firstSeen),
    last_seen: momentOrNull(lastSeen),
    faults: [...faults].map(([fault, count]) => ({ fault, count })).sort((a, b) => b.count - a.count),
  };
}

export function isRunning({ state }: Row): boolean {
  return state !== 'lost' && state !== 'stopped';
}

export function versionsOf({ rows }: Overview): Activity['versions'] {
  const counts = new Map<string, Activity['versions'][number]>();
  for (const { service, version } of rows.filter(isRunning)) {
    const key = `${service} ${version}`;
    const counted = counts.get(key) ?? { service, version: version ?? '', instances: 0 };
    counted.instances++;
    counts.set(key, counted);
  }
  return [...counts.values()];
}

function certificatesOf({ rows, readings }: Overview): Activity['certificates'] {
  return rows
    .flatMap((row) => {
      const samples = readings.get(row.instance ?? '')?.samples ?? [];
      const expires = metricOf(samples, `teamtalk_${row.service}_tls_certificate_expires_seconds`) ?? 0;
      return expires > 0 ? [{ instance: nameOf(row), expires }] : [];
    })
    .sort((a, b) => a.expires - b.expires)
    .map(({ instance, expires }) => ({ instance, expires_at: momentOf(expires) }));
}

export function nameOf({ service, address, instance }: Row): string {
  return `${service} ${address || instance}`;
}
