import type { Bus, Registry, teamtalk } from '@teamtalk/bus';
import { createKit } from '@teamtalk/service-kit';
import type { Pool } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { storedMessage } from '../testing/stored-message.js';
import { GroupMembers } from './group-members.js';
import { OutboxPublisher } from './publisher.js';

const kit = () => createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 1_000 });

let publisher: OutboxPublisher;
/** What the route_server got, in order. */
let batches: teamtalk.bus.StoredBatch.$Properties[];
let deleted: string[];
/** Set: the members of groups cannot be had now. */
let databaseAway: boolean;
let natsHears: boolean;
/** Members of groups are given when it resolves. */
let membersWaitFor: Promise<void>;
let membersOf: Map<number, number[]>;

beforeEach(() => {
  batches = [];
  deleted = [];
  databaseAway = false;
  natsHears = true;
  membersWaitFor = Promise.resolve();
  membersOf = new Map([
    [5, [1, 2, 3]],
    [6, [4]],
  ]);
  const pool = {
    async query(statement: string | { values: [number[]] }, values: [string[]]) {
      if (typeof statement === 'string') {
        deleted.push(...values[0]);
        return { rows: [] };
      }
      await membersWaitFor;
      if (databaseAway) throw new Error('no database');
      const rows = statement.values[0].map((id) => {
        const user_ids = membersOf.get(id) ?? [];
        return { id, version: 3, user_ids, join_ids: user_ids.map(() => 0) };
      });
      return { rows };
    },
  } as unknown as Pool;
  const bus = {
    maxEventBytes: 1024 * 1024,
    get hears() {
      return natsHears;
    },
    request: async (_topic: unknown, batch: teamtalk.bus.StoredBatch.$Properties) => {
      batches.push(batch);
      return {};
    },
  } as unknown as Bus;
  const routeServers = { all: () => [{ instance: 7, draining: false }] } as unknown as Registry;
  const ours = kit();
  publisher = new OutboxPublisher({
    kit: ours,
    bus,
    pool,
    routeServers,
    members: new GroupMembers(pool, ours),
    bots: { record: async () => {} },
  });
});
afterEach(() => publisher.stop(0));

const pair = (msgId: number) => storedMessage({ msgId });
const toGroup = (toSessionId: number, msgId = 1) => storedMessage({ isGroup: true, toSessionId, msgId });

/** [session id, receivers] of each */
function sent() {
  return batches
    .flatMap(({ messages }) => messages ?? [])
    .map(({ toSessionId, memberIds }) => [toSessionId, memberIds]);
}

test('a group’s message goes with its members, and its row is deleted when it was answered for', async () => {
  publisher.publish({ outboxId: '1', messages: [toGroup(5), pair(1)] });
  expect(publisher.inFlight).toEqual(['1']);
  await expect.poll(() => deleted).toEqual(['1']);
  expect(sent()).toEqual([
    [5, [1, 2, 3]],
    [2, []],
  ]);
  expect(batches[0]?.messages?.map(({ groupVersion }) => groupVersion)).toEqual([3, 0]);
  expect(publisher.inFlight).toEqual([]);
});

test('batches leave in the order of commit, also while one waits for members', async () => {
  let give = () => {};
  membersWaitFor = new Promise((resolve) => {
    give = resolve;
  });
  publisher.publish({ outboxId: '1', messages: [toGroup(5)] });
  publisher.publish({ outboxId: '2', messages: [pair(1)] });
  publisher.publish({ outboxId: '3', messages: [toGroup(6)] });
  publisher.publish({ outboxId: '4', messages: [toGroup(5, 2)] });
  expect(batches).toEqual([]);
  give();
  await expect.poll(() => sent().map(([to]) => to)).toEqual([5, 2, 6, 5]);
  publisher.publish({ outboxId: '5', messages: [pair(2)] });
  expect(batches, 'nothing waits any more').toHaveLength(5);
});

test('a batch whose members cannot be had is sent when they can, and holds up no other', async () => {
  databaseAway = true;
  publisher.publish({ outboxId: '1', messages: [toGroup(5)] });
  publisher.publish({ outboxId: '2', messages: [pair(1)] });
  await expect.poll(() => deleted).toEqual(['2']);
  expect(publisher.inFlight).toEqual(['1']);
  databaseAway = false;
  await expect.poll(() => deleted).toEqual(['2', '1']);
  expect(sent()).toEqual([
    [2, []],
    [5, [1, 2, 3]],
  ]);
});

test('while NATS is silent nothing is asked for again and again', async () => {
  natsHears = false;
  publisher.publish({ outboxId: '1', messages: [pair(1)] });
  await expect(publisher.redeliver({ outboxId: '2', messages: [pair(2)] })).rejects.toThrow('silent');
  expect(batches).toEqual([]);
  natsHears = true;
  await expect.poll(() => deleted).toEqual(['1']);
  expect(batches).toHaveLength(1);
});

test('a message that overtakes others of its conversation says which', async () => {
  databaseAway = true;
  publisher.publish({ outboxId: '1', messages: [toGroup(5, 7), toGroup(5, 8)] });
  publisher.publish({ outboxId: '2', messages: [pair(1)] });
  await expect.poll(() => deleted).toEqual(['2']);
  databaseAway = false;
  publisher.publish({ outboxId: '3', messages: [toGroup(5, 9), pair(2)] });
  await expect.poll(() => deleted).toHaveLength(3);
  publisher.publish({ outboxId: '4', messages: [toGroup(5, 10)] });
  const openFrom = batches
    .flatMap(({ messages }) => messages ?? [])
    .map((message) => [message.msgId, message.openFrom]);
  expect(Object.fromEntries(openFrom)).toEqual({ 1: 0, 2: 0, 7: 0, 8: 7, 9: 7, 10: 0 });
});

test('a message to a group that nobody is in any more is for nobody', async () => {
  membersOf.set(5, []);
  publisher.publish({ outboxId: '1', messages: [toGroup(5)] });
  publisher.publish({ outboxId: '2', messages: [toGroup(5, 2), toGroup(6)] });
  await expect.poll(() => deleted).toEqual(['1', '2']);
  expect(sent()).toEqual([[6, [4]]]);
});

test('what the sweeper found is sent with its members too, or the failure told', async () => {
  databaseAway = true;
  await expect(publisher.redeliver({ outboxId: '1', messages: [toGroup(5)] })).rejects.toThrow('no database');
  databaseAway = false;
  await publisher.redeliver({ outboxId: '1', messages: [toGroup(5)] });
  expect(sent()).toEqual([[5, [1, 2, 3]]]);
  expect(batches[0]?.redelivery).toBe(true);
});
