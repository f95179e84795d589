import { Announcer, Bus, type teamtalk, topics } from '@teamtalk/bus';
import { ClientType } from '@teamtalk/protocol';
import { createKit, type Kit, newInstance, type Service } from '@teamtalk/service-kit';
import { testNats, waitUntil } from '@teamtalk/testkit/infrastructure';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig } from './config.js';
import { startRouteServer } from './service.js';

/** A msg_server as a route_server sees it. */
class FakeNode {
  readonly instance = newInstance();
  readonly events: teamtalk.bus.NodeEvent[] = [];
  readonly snapshot: teamtalk.bus.PresenceChange.$Properties[] = [];
  seq = 0;
  answers = true;
  readonly #bus: Bus;
  readonly #subscriptions;
  readonly #announcer: Announcer;

  constructor(bus: Bus) {
    this.#bus = bus;
    this.#subscriptions = [
      bus.answer(topics.node(this.instance), (event) => {
        this.events.push(event);
        return event.event === 'deliver' && this.answers ? {} : undefined;
      }),
      bus.answer(topics.presenceSnapshot(this.instance), () => ({
        instance: this.instance,
        seq: this.seq,
        sessions: this.snapshot,
        last: true,
      })),
    ];
    this.#announcer = new Announcer(
      bus,
      { instance: this.instance, service: 'msg_server', hostname: 'h' },
      () => ({
        presenceSeq: this.seq,
      }),
    );
  }

  change(change: teamtalk.bus.PresenceChange.$Properties, acting: number, lose = false): Promise<boolean> {
    this.seq++;
    if (lose) return Promise.resolve(true);
    const update = { instance: this.instance, seq: this.seq, changes: [change], actingRouteServer: acting };
    return this.#bus.requestMany(topics.presenceUpdate, update, 2000, (ack) => ack.routeServer === acting);
  }

  announce(): void {
    this.#announcer.announce();
  }

  deliveries() {
    return this.events.flatMap((event) => event.deliver?.deliveries ?? []);
  }

  async die(): Promise<void> {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    await this.#bus.flush();
  }

  async stop(): Promise<void> {
    await this.#announcer.stop();
  }
}

let kit: Kit;
let bus: Bus;
let route: Service;
let nodes: FakeNode[];

beforeEach(async () => {
  const nats = await testNats();
  kit = createKit('test', { logLevel: 'silent', shutdownMs: 1000 });
  bus = await Bus.connect({ ...nats, name: 'test', log: kit.log, metrics: kit.metrics });
  nodes = [new FakeNode(bus), new FakeNode(bus)];
  route = await startRouteServer(
    loadConfig({
      NATS_URL: nats.url,
      NATS_PREFIX: nats.prefix,
      OPS_PORT: '0',
      ROLL_CALL_MS: '100',
      LOG_LEVEL: 'silent',
    }),
  );
});
afterEach(async () => {
  await route.stop();
  for (const node of nodes) await node.stop();
  await bus.drain();
});

const online = (
  userId: number,
  connectionId: number,
  loginSeq: number,
  clientType: number = ClientType.WINDOWS,
) => ({
  userId,
  connectionId,
  loginSeq,
  clientType,
  online: true,
});

function stored(message: Partial<teamtalk.bus.StoredMessage>): teamtalk.bus.StoredBatch.$Properties {
  return { messages: [{ sessionType: 1, msgId: 1, pdu: Buffer.from('pdu'), ...message }] };
}

const [a, b] = [0, 1];
const node = (index: number) => nodes[index] as FakeNode;
const route_ = (batch: teamtalk.bus.StoredBatch.$Properties) =>
  bus.request(topics.storedBatch(route.instance), batch, 2000);

test('a message goes to each msg_server with a participant, the sender’s own included', async () => {
  await node(a).change(online(1, 11, 1), route.instance);
  await node(b).change(online(2, 22, 2), route.instance);
  await route_(
    stored({ fromUserId: 1, toSessionId: 2, originInstance: node(a).instance, originConnection: 11 }),
  );
  expect(node(a).deliveries()).toMatchObject([
    { userIds: [1], exceptConnection: 11, pdu: Buffer.from('pdu') },
  ]);
  expect(node(b).deliveries()).toMatchObject([{ userIds: [2], exceptConnection: 0 }]);
});

test('a group message is one event a msg_server, with the members there', async () => {
  await node(a).change(online(1, 1, 1), route.instance);
  await node(a).change(online(2, 2, 2), route.instance);
  await node(b).change(online(3, 3, 3), route.instance);
  await route_(stored({ sessionType: 2, fromUserId: 1, toSessionId: 7, memberIds: [1, 2, 3, 4] }));
  expect(node(a).deliveries()).toMatchObject([{ userIds: [1, 2] }]);
  expect(node(b).deliveries()).toMatchObject([{ userIds: [3] }]);
});

test('nobody is online: the batch is answered for all the same', async () => {
  await expect(route_(stored({ fromUserId: 1, toSessionId: 2 }))).resolves.toBeDefined();
});

test('no answer while a msg_server that lives has not taken its part', async () => {
  await node(a).change(online(2, 22, 1), route.instance);
  node(a).answers = false;
  await expect(
    bus.request(topics.storedBatch(route.instance), stored({ fromUserId: 1, toSessionId: 2 }), 1500),
  ).rejects.toMatchObject({ code: 'deadline-exceeded' });
});

test('a msg_server that is dead does not hold a batch up, and its users are offline', async () => {
  await node(a).change(online(2, 22, 1), route.instance);
  await node(a).die();
  await route_(stored({ fromUserId: 1, toSessionId: 2 }));
  expect(await bus.request(topics.presenceQuery, { userIds: [2] }, 2000)).toMatchObject({ status: [2] });
});

test('a lost change is noticed by its number and made up for by a snapshot', async () => {
  await node(a).change(online(5, 1, 1), route.instance, true);
  node(a).snapshot.push(online(5, 1, 1));
  node(a).announce();
  await waitUntil(
    async () => (await bus.request(topics.presenceQuery, { userIds: [5] }, 2000)).status[0] === 1,
    { what: 'user 5 known as online' },
  );
});

test('the older of two logins of a class is kicked, on whichever msg_server it is', async () => {
  await node(b).change(online(1, 9, 8), route.instance);
  await node(a).change(online(1, 4, 7), route.instance);
  await waitUntil(() => node(a).events.some((event) => event.kick), { what: 'the kick' });
  expect(node(a).events.find((event) => event.kick)?.kick).toMatchObject({
    userId: 1,
    connectionId: 4,
    reason: 1,
  });
  expect(node(b).events.some((event) => event.kick)).toBe(false);
});

test('only the route_server that an update names acts on it', async () => {
  await node(b).change(online(1, 9, 8), route.instance);
  await bus.requestMany(
    topics.presenceUpdate,
    { instance: node(a).instance, seq: 1, changes: [online(1, 4, 7)], actingRouteServer: 12345 },
    2000,
    () => true,
  );
  await bus.flush();
  expect(node(a).events.some((event) => event.kick)).toBe(false);
});

test('PC presence is told to every msg_server once; a mobile alone is no presence', async () => {
  await node(a).change(online(1, 1, 1, ClientType.IOS), route.instance);
  await node(a).change(online(2, 2, 2), route.instance);
  await waitUntil(() => [a, b].every((index) => node(index).events.some((event) => event.status)), {
    what: 'the status at both',
  });
  for (const index of [a, b]) {
    const changes = node(index).events.flatMap((event) => event.status?.changes ?? []);
    expect(changes).toMatchObject([{ userId: 2, status: 1 }]);
  }
});

test('a notify goes to the msg_servers of its users', async () => {
  await node(b).change(online(3, 1, 1), route.instance);
  bus.publish(topics.notifyUsers, {
    userIds: [3, 4],
    pdu: Buffer.from('n'),
    exceptInstance: 1,
    exceptConnection: 2,
  });
  await waitUntil(() => node(b).events.some((event) => event.notify), { what: 'the notify' });
  expect(node(b).events.find((event) => event.notify)?.notify).toMatchObject({
    userIds: [3],
    exceptConnection: 2,
  });
  expect(node(a).events.some((event) => event.notify)).toBe(false);
});
