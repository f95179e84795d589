import { Bus, directDeliveryMs, HeartbeatPublisher, Registry, type teamtalk, topics } from '@teamtalk/bus';
import { testNats, waitUntil } from '@teamtalk/local-stack';
import { ClientType } from '@teamtalk/protocol';
import { createKit, newInstance } from '@teamtalk/service-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../connection/connection.js';
import { LocalUsers } from '../delivery/local-users.js';
import { MsgServerMetrics } from '../metrics.js';
import { FakeRouteServer } from '../testing/fake-route-server.js';
import { PresencePublisher } from './presence-publisher.js';

/** The parts of a connection that presence uses. */
function connection(id: number, userId: number): Connection {
  const client = { clientType: ClientType.WINDOWS, isMobile: false, remoteAddress: '' };
  return { ...client, id, userId, loginSeq: id } as Connection;
}

/** A db_proxy_server that follows presence. */
class FakeFollower {
  readonly instance = newInstance();
  readonly updates: teamtalk.bus.PresenceUpdate[] = [];
  answers: () => Promise<boolean> = async () => true;
  readonly #bus: Bus;
  readonly #subscriptions;
  readonly #heartbeats: HeartbeatPublisher;

  constructor(bus: Bus) {
    this.#bus = bus;
    this.#subscriptions = [
      bus.answer(topics.presenceUpdate, async (update) => {
        this.updates.push(update);
        return (await this.answers()) ? { follower: this.instance } : undefined;
      }),
      bus.answer(topics.presenceFollower(this.instance), () => ({})),
    ];
    const self = { instance: this.instance, service: 'db_proxy_server', hostname: 'test' };
    this.#heartbeats = new HeartbeatPublisher(bus, self, () => ({ directDelivery: true }));
  }

  /** Its subscriptions end; its last heartbeat is a moment ago. */
  async die(): Promise<void> {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    await this.#bus.flush();
  }

  async stop(): Promise<void> {
    await this.die();
    await this.#heartbeats.stop();
  }
}

describe('PresencePublisher', () => {
  let bus: Bus;
  let routeServers: Registry;
  let dbProxies: Registry;
  let users: LocalUsers;
  let presence: PresencePublisher;
  beforeEach(async () => {
    const { log, metrics } = createKit('test', { logLevel: 'silent', shutdownMs: 1_000 });
    bus = await Bus.connect({ ...(await testNats()), name: 'test', log, metrics });
    routeServers = new Registry(bus, log, 'route_server');
    dbProxies = new Registry(bus, log, 'db_proxy_server');
    users = new LocalUsers();
    const counted = new MsgServerMetrics(metrics, []);
    presence = new PresencePublisher({
      bus,
      instance: 1,
      routeServers,
      dbProxies,
      users,
      metrics: counted,
      log,
    });
  });
  afterEach(async () => {
    routeServers.stop();
    dbProxies.stop();
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

  describe('with a db_proxy_server that sends messages directly', () => {
    let route: FakeRouteServer;
    let follower: FakeFollower;
    beforeEach(async () => {
      route = new FakeRouteServer(bus);
      follower = new FakeFollower(bus);
      await Promise.all([routeServers.waitFor(1, 2_000), dbProxies.waitFor(1, 2_000)]);
    });
    afterEach(() => Promise.all([route.stop(), follower.stop()]));

    it('a login waits for its answer, and says so', async () => {
      let known = false;
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      follower.answers = () => released.then(() => true);
      const came = presence.publishOnline(connection(1, 1)).then((outcome) => {
        known = outcome;
      });
      await waitUntil(() => route.updates.length === 1 && follower.updates.length === 1, { what: 'both' });
      await bus.flush();
      expect(known).toBe(false);
      expect(follower.updates[0]?.awaited).toEqual([follower.instance]);
      release();
      await came;
      expect(known).toBe(true);
    });

    it('its answer is not taken for one of a route_server', async () => {
      await route.stop();
      await waitUntil(() => routeServers.all().length === 0, { what: 'the route_server gone' });
      expect(await presence.publishOnline(connection(1, 1))).toBe(false);
    });

    it('a login waits until a silent one does not trust its table, from when NATS had the login', async () => {
      follower.answers = async () => false;
      let ack = () => {};
      route.acksWaitFor = new Promise((resolve) => {
        ack = resolve;
      });
      const came = presence.publishOnline(connection(1, 1)).then(() => performance.now());
      await waitUntil(() => route.updates.length === 1, { what: 'the update' });
      const before = performance.now();
      ack();
      expect((await came) - before).toBeGreaterThanOrEqual(directDeliveryMs.wait);
    });

    it('logins wait for one that nobody listens for only until it does not trust its table', async () => {
      await follower.die();
      const begun = performance.now();
      expect(await presence.publishOnline(connection(1, 1))).toBe(true);
      expect(performance.now() - begun).toBeGreaterThanOrEqual(directDeliveryMs.wait);
      const [seen] = route.updates.slice(-1);
      expect(seen?.awaited).toEqual([follower.instance]);
      let id = 1;
      const awaitedByNext = async () => {
        id++;
        expect(await presence.publishOnline(connection(id, id))).toBe(true);
        return route.updates.at(-1)?.awaited;
      };
      await expect.poll(awaitedByNext, { timeout: 10_000 }).toEqual([]);
    });

    it('a disconnect waits for nobody', async () => {
      presence.publishOffline(connection(1, 1));
      await waitUntil(() => follower.updates.length === 1, { what: 'the update' });
      expect(follower.updates[0]?.awaited).toEqual([]);
    });
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
