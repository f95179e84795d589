import { ask, importStepOf, momentOf, Problem, shownDevice, shownPush } from '@teamtalk/administration';
import type { Heartbeat } from '@teamtalk/bus';
import { administration, type consoleApi, consoleWork, type httpApi } from '@teamtalk/rpc';
import { formatInstance, version } from '@teamtalk/service-kit';
import type { Handlers } from './handler.js';

/** Milliseconds the store has to check the whole audit. */
const verifyMs = 25_000;
const noUser = 'there is no such user';

export const reports: Handlers<
  'getOverview' | 'getImportProgress' | 'listDevices' | 'listPushes' | 'listAuditEvents' | 'verifyAudit'
> = {
  async getOverview(call) {
    const counts = await ask(call, consoleWork.getCounts, {});
    const instances = call.registries.flatMap((registry) => registry.all());
    const servers = call.msgServers.all();
    const sum = (of: (server: Heartbeat) => number) => servers.reduce((total, each) => total + of(each), 0);
    return {
      version,
      online_users: sum((server) => server.onlineUsers),
      connections: sum((server) => server.connections),
      users: counts.users,
      users_left: counts.usersLeft,
      departments: counts.departments,
      groups: counts.groups,
      instances: instances.map(shownInstance).sort(byServiceAndHost),
    };
  },

  async getImportProgress(call) {
    const found = await ask(call, consoleWork.getImportProgress, {});
    if (found.source === '') return { import: null };
    const timeOrNull = (at: number) => (at === 0 ? null : momentOf(at));
    return {
      import: {
        source: found.source,
        began_at: momentOf(found.beganAt),
        written_at: momentOf(found.writtenAt),
        step: found.step,
        step_code: importStepOf(found.step) ?? null,
        done: found.done,
        total: found.total,
        rows_behind: found.rowsBehind,
        messages_until: timeOrNull(found.messagesUntil),
        state_until: timeOrNull(found.stateUntil),
        verified_at: timeOrNull(found.verifiedAt),
        unexplained: found.unexplained,
      },
    };
  },

  async listDevices(call, { params: { user_id: userId } }) {
    const { found, devices } = await ask(call, administration.listDevices, { userId });
    if (!found) throw new Problem('not-found', noUser);
    return { devices: (devices as httpApi.api.Device[]).map(shownDevice) };
  },

  async listPushes(call, { params: { user_id: userId } }) {
    const { found, pushes } = await ask(call, administration.listPushes, { userId });
    if (!found) throw new Problem('not-found', noUser);
    return { pushes: (pushes as httpApi.api.PushDecision[]).map(shownPush) };
  },

  async listAuditEvents(call, { query }) {
    const { limit, before = 0, verb = '', actor: by = '', resource = '' } = query;
    const filter = { limit, before, verb, by, resource };
    const reply = await ask(call, consoleWork.listAuditEvents, filter);
    const events = reply.events as consoleApi.console.AuditEvent[];
    return {
      events: events.map((event) => ({
        event_id: event.eventId,
        at: event.at,
        actor: event.actor,
        as_user: event.asUser === 0 ? null : event.asUser,
        source: event.source,
        verb: event.verb,
        resource: event.resource,
        before: jsonOrNull(event.before),
        after: jsonOrNull(event.after),
      })),
      next: events.length < limit ? null : (events.at(-1)?.eventId ?? null),
    };
  },

  async verifyAudit(call) {
    const verdict = await ask(call, consoleWork.verifyAudit, {}, verifyMs);
    return {
      intact: verdict.problem === '',
      problem: verdict.problem || null,
      fault: verdict.fault
        ? { code: verdict.fault, event: verdict.faultEvent, other: verdict.otherEvent }
        : null,
      events: verdict.events,
      first: verdict.first,
      last: verdict.last,
      last_hash: verdict.lastHash,
    };
  },
};

function shownInstance(heartbeat: Heartbeat) {
  const { instance, ip1, port } = heartbeat;
  return {
    service: heartbeat.service,
    instance: formatInstance(instance),
    hostname: heartbeat.hostname,
    address: ip1 === '' ? '' : `${ip1}:${port}`,
    connections: heartbeat.connections,
    online_users: heartbeat.onlineUsers,
    max_connections: heartbeat.maxConnections,
    version: heartbeat.version,
    draining: heartbeat.draining,
  };
}

type Instance = ReturnType<typeof shownInstance>;

function byServiceAndHost(a: Instance, b: Instance): number {
  return (
    a.service.localeCompare(b.service, 'en') ||
    a.hostname.localeCompare(b.hostname, 'en') ||
    a.instance.localeCompare(b.instance, 'en')
  );
}

function jsonOrNull(text: string): unknown {
  return text === '' ? null : JSON.parse(text);
}
