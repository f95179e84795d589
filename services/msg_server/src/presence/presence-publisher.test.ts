import { Bus, HeartbeatPublisher, Registry, type teamtalk } from '@teamtalk/bus';
import { testNats } from '@teamtalk/local-stack';
import { ClientType } from '@teamtalk/protocol';
import { createKit } from '@teamtalk/service-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../connection/connection.js';
import { LocalUsers } from '../delivery/local-users.js';
import { MsgServerMetrics } from '../metrics.js';
import { FakeRouteServer } from '../testing/fake-route-server.js';
import { PresencePublisher } from './presence-publisher.js';

/** The parts of a connection that presence uses. */
function connection(id: number, userId: number): Connection {
  return { id, userId, clientType: ClientType.WINDOWS, loginSeq: id, isMobile: false } as Connection;
}

describe('PresencePublisher', () => {
  let bus: Bus;
  let routeServers: Registry;
  let users: LocalUsers;
  let presence: PresencePublisher;
  beforeEach(async () => {
    const { log, metrics } = createKit('test', { logLevel: 'silent', shutdownMs: 1_000 });
    bus = await Bus.connect({ ...(await testNats()), name: 'test', log, metrics });
    routeServers = new Registry(bus, log, 'route_server');
    users = new LocalUsers();
    const counted = new MsgServerMetrics(metrics, []);
    presence = new PresencePublisher({ bus, instance: 1, routeServers, users, metrics: counted, log });
  });
  afterEach(async () => {
    routeServers.stop();
    await bus.drain();
  });

  it('publishes the changes of one turn together and waits for every route_server', async () => {
    const route = new FakeRouteServer(bus);
    await routeServers.waitFor(1, 2_000);
    const came = [1, 2, 3].map((id) => presence.publishOnline(connection(id, id)));
    presence.publishOffline(connection(4, 4));
    expect(await Promise.all(came)).toEqual([true, true, true]);
    expect(route.updates).toHaveLength(1);
    expect(route.updates[0]).toMatchObject({ instance: 1, seq: 4, actingRouteServer: route.instance });
    expect(route.changes.map(({ online }) => online)).toEqual([true, true, true, false]);
    await route.stop();
  });

  it('resolves to false when no route_server responds', async () => {
    expect(await presence.publishOnline(connection(1, 1))).toBe(false);
  });

  it('waits while the only route_server is away for a moment', async () => {
    const came = presence.publishOnline(connection(1, 1));
    expect(routeServers.all()).toEqual([]);
    const route = new FakeRouteServer(bus);
    expect(await came).toBe(true);
    expect(route.updates.at(-1)).toMatchObject({ changes: [{ userId: 1, online: true }], again: false });
    await route.stop();
  });

  it('retries with another acting route_server when the first does not respond', async () => {
    const [deaf, good] = [new FakeRouteServer(bus), new FakeRouteServer(bus)];
    deaf.acks = false;
    await routeServers.waitFor(2, 2_000);
    const everybody = Array.from({ length: 20 }, (_, i) => connection(i + 1, i + 1));
    for (const each of everybody) users.add(each);
    const gone = everybody[0]!;
    const came = Promise.all(everybody.map((each) => presence.publishOnline(each)));
    users.remove(gone);
    expect(await came).not.toContain(false);
    await presence.settle();
    const actedOn = new Set(
      good.updates
        .filter(({ actingRouteServer }) => actingRouteServer === good.instance)
        .flatMap(({ changes }) => changes.map(({ userId }) => userId)),
    );
    for (const { userId } of everybody.slice(1)) expect(actedOn).toContain(userId);
    expect(
      new Set(good.updates.map(({ actingRouteServer, again }) => `${actingRouteServer} ${again}`)),
    ).toEqual(new Set([`${deaf.instance} false`, `${good.instance} false`, `${good.instance} true`]));
    // Users who have left meanwhile must not be published again.
    expect(good.changes.filter(({ userId }) => userId === gone.userId)).toHaveLength(1);
    await Promise.all([deaf.stop(), good.stop()]);
  });

  it('does not wait for a route_server without subscriptions', async () => {
    const route = new FakeRouteServer(bus);
    const dead = new HeartbeatPublisher(bus, { instance: 7, service: 'route_server', hostname: 'gone' });
    await routeServers.waitFor(2, 2_000);
    const begun = performance.now();
    expect(await presence.publishOnline(connection(1, 1))).toBe(true);
    expect(performance.now() - begun).toBeLessThan(800);
    expect(routeServers.all().map(({ instance }) => instance)).toEqual([route.instance]);
    await Promise.all([dead.stop(), route.stop()]);
  });

  it('returns snapshots in pages, under the number of the last change', async () => {
    const everybody = Array.from({ length: 2_500 }, (_, i) => connection(i + 1, i + 1));
    for (const each of everybody) users.add(each);
    presence.publishOffline(connection(9_999, 9_999));
    const pages: teamtalk.bus.PresenceSnapshot.$Properties[] = presence.snapshot();
    expect(pages.map(({ sessions, last, seq }) => [sessions!.length, last, seq])).toEqual([
      [1000, false, 1],
      [1000, false, 1],
      [500, true, 1],
    ]);
    expect(new PresencePublisher({ bus, users: new LocalUsers() } as never).snapshot()).toMatchObject([
      { seq: 0, sessions: [], last: true },
    ]);
  });
});
