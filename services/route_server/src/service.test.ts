import { NobodyListensError, type teamtalk, topics } from '@teamtalk/bus';
import { FaultyProxy, waitUntil } from '@teamtalk/local-stack';
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
  routes.bus.request(topics.storedBatch(routes.instance), batch, 2000);

test('a message goes to each msg_server with a participant, the sender’s own included', async () => {
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

test('a group message is one event a msg_server, with the members there', async () => {
  await routes.a.change(online(1, 1, 1), routes.instance);
  await routes.a.change(online(2, 2, 2), routes.instance);
  await routes.b.change(online(3, 3, 3), routes.instance);
  await route(stored({ sessionType: 2, fromUserId: 1, toSessionId: 7, memberIds: [1, 2, 3, 4] }));
  expect(routes.a.deliveries()).toMatchObject([{ userIds: [1, 2] }]);
  expect(routes.b.deliveries()).toMatchObject([{ userIds: [3] }]);
});

test('nobody is online: the batch is answered for all the same', async () => {
  await expect(route(stored({ fromUserId: 1, toSessionId: 2 }))).resolves.toBeDefined();
});

test('no answer while a msg_server that lives has not taken its part', async () => {
  await routes.a.change(online(2, 22, 1), routes.instance);
  routes.a.answers = false;
  await expect(
    routes.bus.request(topics.storedBatch(routes.instance), stored({ fromUserId: 1, toSessionId: 2 }), 1500),
  ).rejects.toMatchObject({ code: 'deadline-exceeded' });
});

test('what a msg_server does not take is answered for when nobody is there any more', async () => {
  await routes.a.change(online(2, 22, 1), routes.instance);
  routes.a.answers = false;
  const asked = routes.bus.request(
    topics.storedBatch(routes.instance),
    stored({ fromUserId: 1, toSessionId: 2 }),
    10_000,
  );
  await waitUntil(() => routes.a.deliveries().length === 1, { what: 'it is asked' });
  await routes.a.change({ ...online(2, 22, 1), online: false }, routes.instance);
  await expect(asked).resolves.toBeDefined();
});

test('a msg_server that is dead does not hold a batch up, and its users are offline', async () => {
  await routes.a.change(online(2, 22, 1), routes.instance);
  await routes.a.die();
  await route(stored({ fromUserId: 1, toSessionId: 2 }));
  expect(await routes.bus.request(topics.presenceQuery, { userIds: [2] }, 2000)).toMatchObject({
    status: [2],
  });
});

test('a msg_server that one of them finds dead is dead for all: who logs in elsewhere then is told to be back', async () => {
  const other = await routes.add();
  await routes.a.change(online(2, 22, 1), routes.instance);
  await routes.a.die();
  await route(stored({ fromUserId: 1, toSessionId: 2 }));
  await waitUntil(() => routes.b.statuses().length === 2, { what: 'told that he is gone' });
  await routes.b.change(online(2, 5, 9), other.instance);
  await waitUntil(() => routes.b.statuses().length === 3, { what: 'told that he is back' });
  expect(routes.b.statuses()).toEqual([
    [2, 1],
    [2, 2],
    [2, 1],
  ]);
});

test('one that was cut off from NATS routes nothing before it knows who came meanwhile', async () => {
  const way = await FaultyProxy.start(() => [routes.natsAddress]);
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

test('a lost change is noticed by its number and made up for by a snapshot', async () => {
  routes.a.loseChange();
  routes.a.snapshot.push(online(5, 1, 1));
  routes.a.announce();
  await waitUntil(
    async () => (await routes.bus.request(topics.presenceQuery, { userIds: [5] }, 2000)).status[0] === 1,
    { what: 'user 5 known as online' },
  );
});

test('the older of two logins of a class is kicked, on whichever msg_server it is', async () => {
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

test('a notify goes to the msg_servers of its users', async () => {
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
  await routes.bus.request(topics.kickUser, { userId: 1, clientClass: 1, reason: 2 }, 2000);
  await waitUntil(() => kicks().flat().length === 2, { what: 'both kicks' });
  expect(kicks()).toEqual([[11], [13]]);
});

describe('a change of a group', () => {
  const change = {
    groupId: 7,
    version: 5,
    removedIds: [2, 3],
    notify: { userIds: [1, 2, 3], pdu: Buffer.from('0x040b'), exceptInstance: 9, exceptConnection: 8 },
  };

  it('is answered when the msg_servers of those concerned have it', async () => {
    await routes.a.change(online(1, 1, 1), routes.instance);
    await routes.a.change(online(2, 2, 2), routes.instance);
    await routes.b.change(online(4, 4, 4), routes.instance);
    await routes.bus.request(topics.groupChange, change, 2000);
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

  it('is not answered while one that lives does not have it; a dead one is not waited for', async () => {
    await routes.a.change(online(1, 1, 1), routes.instance);
    routes.a.answers = false;
    await expect(routes.bus.request(topics.groupChange, change, 1500)).rejects.toMatchObject({
      code: 'deadline-exceeded',
    });
    await routes.a.die();
    await routes.bus.request(topics.groupChange, change, 1500);
  });
});
