import { NobodyListensError, type teamtalk, topics } from '@teamtalk/bus';
import { FaultProxy, waitUntil } from '@teamtalk/local-stack';
import { ClientType } from '@teamtalk/protocol';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { online } from './testing/fake-node.js';
import { TestRoutes } from './testing/test-routes.js';

let routes: TestRoutes;
beforeEach(async () => {
  routes = await TestRoutes.start();
});
afterEach(() => routes.stop());

function stored(message: Partial<teamtalk.bus.StoredMessage>): teamtalk.bus.StoredBatch.$Properties {
  return { messages: [{ sessionType: 1, msgId: 1, pdu: Buffer.from('pdu'), ...message }] };
}

const route = (batch: teamtalk.bus.StoredBatch.$Properties) =>
  routes.bus.request(topics.storedBatch(routes.instance), batch, 10_000);

test('a message goes to each msg_server with a participant, including the sender’s own', async () => {
  await routes.a.change(online(1, 11, 1), routes.instance);
  await routes.b.change(online(2, 22, 2), routes.instance);
  await route(
    stored({ fromUserId: 1, toSessionId: 2, originInstance: routes.a.instance, originConnection: 11 }),
  );
  expect(routes.a.deliveries()).toMatchObject([
    { userIds: [1], exceptConnection: 11, pdu: Buffer.from('pdu') },
  ]);
  expect(routes.b.deliveries()).toMatchObject([{ userIds: [2], exceptConnection: 0 }]);
});

test('a group message is one event per msg_server, with its members', async () => {
  await routes.a.change(online(1, 1, 1), routes.instance);
  await routes.a.change(online(2, 2, 2), routes.instance);
  await routes.b.change(online(3, 3, 3), routes.instance);
  await route(stored({ sessionType: 2, fromUserId: 1, toSessionId: 7, memberIds: [1, 2, 3, 4] }));
  expect(routes.a.deliveries()).toMatchObject([{ userIds: [1, 2] }]);
  expect(routes.b.deliveries()).toMatchObject([{ userIds: [3] }]);
});

test('a batch is answered even when nobody is online', async () => {
  await expect(route(stored({ fromUserId: 1, toSessionId: 2 }))).resolves.toBeDefined();
});

test('a batch is not answered before every live msg_server has accepted its part', async () => {
  await routes.a.change(online(2, 22, 1), routes.instance);
  routes.a.answers = false;
  await expect(
    routes.bus.request(topics.storedBatch(routes.instance), stored({ fromUserId: 1, toSessionId: 2 }), 1500),
  ).rejects.toMatchObject({ code: 'deadline-exceeded' });
});

test('a batch a msg_server does not accept is answered once its users are gone', async () => {
  await routes.a.change(online(2, 22, 1), routes.instance);
  routes.a.answers = false;
  const asked = routes.bus.request(
    topics.storedBatch(routes.instance),
    stored({ fromUserId: 1, toSessionId: 2 }),
    10_000,
  );
  await waitUntil(() => routes.a.deliveries().length === 1, { what: 'it is delivered' });
  await routes.a.change({ ...online(2, 22, 1), online: false }, routes.instance);
  await expect(asked).resolves.toBeDefined();
});

test('a dead msg_server does not delay a batch, and its users are offline', async () => {
  await routes.a.change(online(2, 22, 1), routes.instance);
  await routes.a.die();
  await route(stored({ fromUserId: 1, toSessionId: 2 }));
  expect(await routes.bus.request(topics.presenceQuery, { userIds: [2] }, 10_000)).toMatchObject({
    status: [2],
  });
});

test('a msg_server evicted by one route_server is evicted by all: a user who logs in elsewhere is reported as back', async () => {
  const other = await routes.add();
  await routes.a.change(online(2, 22, 1), routes.instance);
  await routes.a.die();
  await route(stored({ fromUserId: 1, toSessionId: 2 }));
  await waitUntil(() => routes.b.statuses().length === 2, { what: 'reported offline' });
  await routes.b.change(online(2, 5, 9), other.instance);
  await waitUntil(() => routes.b.statuses().length === 3, { what: 'reported online' });
  expect(routes.b.statuses()).toEqual([
    [2, 1],
    [2, 2],
    [2, 1],
  ]);
});

test('after losing NATS it routes nothing before it has synchronised', async () => {
  const way = await FaultProxy.start(() => [routes.natsAddress]);
  const { instance } = await routes.add(`nats://127.0.0.1:${way.port}`);
  const ask = (messages: teamtalk.bus.StoredBatch.$Properties, ms = 5_000) =>
    routes.bus.request(topics.storedBatch(instance), messages, ms);
  const listens = async () => {
    const error = await ask({}, 200).catch((failure: unknown) => failure);
    return !(error instanceof NobodyListensError);
  };
  way.cut();
  await waitUntil(async () => !(await listens()), { what: 'it is cut off' });
  await routes.a.change(online(2, 22, 1), routes.instance);
  routes.a.snapshot.push(online(2, 22, 1));
  way.restore();
  let answered = false;
  await waitUntil(
    async () => {
      answered = await ask(stored({ fromUserId: 1, toSessionId: 2 })).then(
        () => true,
        () => false,
      );
      return answered;
    },
    { everyMs: 1, what: 'it routes again' },
  );
  expect(routes.a.deliveries()).toMatchObject([{ userIds: [2] }]);
  await way.close();
});

const isOnline = async (userId: number) =>
  (await routes.bus.request(topics.presenceQuery, { userIds: [userId] }, 10_000)).status[0] === 1;

describe('a msg_server that stalls while a route_server starts', () => {
  const toUser2 = stored({ fromUserId: 1, toSessionId: 2 });

  it('is awaited when another route_server knows it: nothing is routed past its clients', async () => {
    const { node, way } = await routes.addNode();
    node.snapshot.push(online(2, 22, 1));
    await node.change(online(2, 22, 1), routes.instance);
    let isAsked = false;
    routes.bus.subscribe(topics.presenceSnapshot(node.instance), () => {
      isAsked = true;
    });
    way.block();
    const routed = routes
      .add()
      .then(({ instance }) => routes.bus.request(topics.storedBatch(instance), toUser2, 10_000));
    await Promise.race([routed, waitUntil(() => isAsked, { what: 'its sessions are requested' })]);
    way.restore();
    await routed;
    expect(node.deliveries()).toMatchObject([{ userIds: [2] }]);
    expect(node.missed).toEqual([]);
  });

  it('has its clients’ connections closed when nobody knew it and messages were routed', async () => {
    const { node, way } = await routes.addNode();
    node.snapshot.push(online(2, 22, 1));
    await node.change(online(2, 22, 1), routes.instance);
    way.block();
    await routes.services[0]!.stop();
    const { instance } = await routes.add();
    await routes.bus.request(topics.storedBatch(instance), toUser2, 10_000);
    way.restore();
    await waitUntil(() => node.missed.length > 0, { what: 'told about missed messages' });
    expect(node.missed).toEqual([22]);
    await node.change(online(2, 23, 2), instance);
    expect(node.missed).toEqual([22]);
    await routes.bus.request(topics.storedBatch(instance), toUser2, 10_000);
    expect(node.deliveries()).toHaveLength(1);
  });
});

test('a msg_server that sends no sessions is awaited; those found later are closed', async () => {
  const { node } = await routes.addNode();
  node.snapshot.push(online(2, 22, 1));
  node.seq = 1;
  node.givesSnapshots = false;
  const begun = performance.now();
  const { instance } = await routes.add();
  expect(performance.now() - begun).toBeGreaterThan(4_500);
  await routes.bus.request(topics.storedBatch(instance), stored({ fromUserId: 1, toSessionId: 2 }), 10_000);
  node.givesSnapshots = true;
  await waitUntil(() => node.missed.length > 0, { what: 'told about missed messages' });
  expect(new Set(node.missed)).toEqual(new Set([22]));
});

describe('a login that a route_server missed', () => {
  it('is detected by its number; messages may have missed it, so its connection is closed', async () => {
    await routes.a.change(online(4, 1, 1), routes.instance);
    routes.a.loseChange();
    routes.a.snapshot.push(online(4, 1, 1), online(5, 2, 2));
    routes.a.announce();
    await waitUntil(() => routes.a.missed.length > 0, { what: 'told about missed messages' });
    expect(routes.a.missed).toEqual([2]);
    expect(await isOnline(4)).toBe(true);
  });

  it('is not repaired by its retry, which comes after the client has logged in', async () => {
    await routes.a.change(online(4, 1, 1), routes.instance);
    routes.a.loseChange();
    routes.a.snapshot.push(online(4, 1, 1), online(5, 2, 2));
    await routes.a.change(online(5, 2, 2), routes.instance, true);
    await waitUntil(() => routes.a.missed.length > 0, { what: 'told about missed messages' });
    expect(routes.a.missed).toEqual([2]);
  });

  it('is requested again when the snapshot does not arrive', async () => {
    routes.a.givesSnapshots = false;
    routes.a.loseChange();
    await routes.a.change(online(4, 1, 1), routes.instance);
    routes.a.snapshot.push(online(4, 1, 1), online(5, 2, 2));
    routes.a.givesSnapshots = true;
    await waitUntil(() => routes.a.missed.length > 0, {
      timeoutMs: 15_000,
      what: 'told about missed messages',
    });
    expect(routes.a.missed).toEqual([2]);
  });

  it('closes all clients of a msg_server of an older version, which cannot close a single one', async () => {
    routes.a.endsMissed = false;
    routes.a.loseChange();
    routes.a.snapshot.push(online(5, 2, 2));
    routes.a.announce();
    const lost = () => routes.a.events.filter(({ evicted }) => evicted);
    await waitUntil(() => lost().length > 0, { what: 'contact lost' });
    await waitUntil(() => isOnline(5), { what: 'user 5 online' });
    expect(lost()).toHaveLength(1);
  });
});

test('a msg_server that changes its NATS server is not evicted', async () => {
  const { node, way } = await routes.addNode();
  node.snapshot.push(online(2, 22, 1));
  await node.change(online(2, 22, 1), routes.instance);
  way.cut();
  await waitUntil(
    () =>
      routes.bus
        .request(topics.presenceSnapshot(node.instance), {}, 100)
        .catch((error: unknown) => error instanceof NobodyListensError),
    { what: 'it has no subscriber' },
  );
  const routed = routes.bus.request(
    topics.storedBatch(routes.instance),
    stored({ fromUserId: 1, toSessionId: 2 }),
    5_000,
  );
  way.restore();
  await routed;
  expect(node.deliveries()).toMatchObject([{ userIds: [2] }]);
  expect([node.missed, node.events.filter(({ evicted }) => evicted)]).toEqual([[], []]);
});

test('the older of two logins of a client class is kicked, on any msg_server', async () => {
  await routes.b.change(online(1, 9, 8), routes.instance);
  await routes.a.change(online(1, 4, 7), routes.instance);
  await waitUntil(() => routes.a.events.some((event) => event.kick), { what: 'the kick' });
  expect(routes.a.events.find((event) => event.kick)?.kick).toMatchObject({
    userId: 1,
    connectionId: 4,
    reason: 1,
  });
  expect(routes.b.events.some((event) => event.kick)).toBe(false);
});

test('only the route_server that an update names acts on it', async () => {
  await routes.b.change(online(1, 9, 8), routes.instance);
  await routes.a.changeFor(12345, online(1, 4, 7), 1);
  await routes.bus.flush();
  expect(routes.a.events.some((event) => event.kick)).toBe(false);
});

test('a notification goes to the msg_servers of its users', async () => {
  await routes.b.change(online(3, 1, 1), routes.instance);
  routes.bus.publish(topics.notifyUsers, {
    userIds: [3, 4],
    pdu: Buffer.from('n'),
    exceptInstance: 1,
    exceptConnection: 2,
  });
  await waitUntil(() => routes.b.events.some((event) => event.notify), { what: 'the notify' });
  expect(routes.b.events.find((event) => event.notify)?.notify).toMatchObject({
    userIds: [3],
    exceptConnection: 2,
  });
  expect(routes.a.events.some((event) => event.notify)).toBe(false);
});

test('a kick goes to the user’s connections of the class, on every msg_server', async () => {
  await routes.a.change(online(1, 11, 1), routes.instance);
  await routes.b.change(online(1, 12, 2, ClientType.ANDROID), routes.instance);
  await routes.b.change(online(1, 13, 3, ClientType.MAC), routes.instance);
  await routes.a.change(online(2, 14, 4), routes.instance);
  const kicks = () =>
    [routes.a, routes.b].map(({ events }) =>
      events.flatMap(({ kick }) => (kick?.reason === 2 ? [kick.connectionId] : [])),
    );
  await routes.bus.request(topics.kickUser, { userId: 1, clientClass: 1, reason: 2 }, 10_000);
  await waitUntil(() => kicks().flat().length === 2, { what: 'both kicks' });
  expect(kicks()).toEqual([[11], [13]]);
});

describe('a group change', () => {
  const change = {
    groupId: 7,
    version: 5,
    removedIds: [2, 3],
    notify: { userIds: [1, 2, 3], pdu: Buffer.from('0x040b'), exceptInstance: 9, exceptConnection: 8 },
  };

  it('is answered when the msg_servers of the affected users have it', async () => {
    await routes.a.change(online(1, 1, 1), routes.instance);
    await routes.a.change(online(2, 2, 2), routes.instance);
    await routes.b.change(online(4, 4, 4), routes.instance);
    await routes.bus.request(topics.groupChange, change, 10_000);
    expect(routes.a.groupChanges()).toMatchObject([
      {
        groupId: 7,
        version: 5,
        removedIds: [2],
        notify: { userIds: [1, 2], pdu: Buffer.from('0x040b'), exceptInstance: 9, exceptConnection: 8 },
      },
    ]);
    expect(routes.b.groupChanges()).toEqual([]);
  });

  it('is not answered while a live one does not have it; a dead one is not awaited', async () => {
    await routes.a.change(online(1, 1, 1), routes.instance);
    routes.a.answers = false;
    await expect(routes.bus.request(topics.groupChange, change, 1500)).rejects.toMatchObject({
      code: 'deadline-exceeded',
    });
    await routes.a.die();
    // As its callers do, which retry after a second.
    const ask = () => routes.bus.request(topics.groupChange, change, 1_000);
    await waitUntil(() => ask().then(() => true), { what: 'answered without the dead one' });
  });
});
