import { type Bus, NobodyListensError, type Registry, type teamtalk } from '@teamtalk/bus';
import { createKit } from '@teamtalk/service-kit';
import type { Pool } from 'pg';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { batchOf, storedMessage } from '../../testing/stored-message.js';
import { GroupMembers } from '../group-members.js';
import { OutboxPublisher } from './publisher.js';

const kit = () => createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 1_000 });

let publisher: OutboxPublisher;
/** Batches received by the route_server, in order. */
let batches: teamtalk.bus.StoredBatch.$Properties[];
let deleted: string[];
/** Makes the load of group members fail. */
let databaseAway: boolean;
let natsResponsive: boolean;
/** The route_server's reply to a batch. */
let answer: () => Promise<void>;
let forgotten: number[];
/** Group members are loaded when it resolves. */
let membersWaitFor: Promise<void>;
let membersOf: Map<number, number[]>;

beforeEach(() => {
  batches = [];
  deleted = [];
  databaseAway = false;
  natsResponsive = true;
  answer = async () => {};
  forgotten = [];
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
    stable: true,
    get responsive() {
      return natsResponsive;
    },
    request: async (_topic: unknown, batch: teamtalk.bus.StoredBatch.$Properties) => {
      batches.push(batch);
      await answer();
      return {};
    },
  } as unknown as Bus;
  const routeServers = {
    all: () => [{ instance: 7, draining: false }],
    forget: (instance: number) => forgotten.push(instance),
  } as unknown as Registry;
  const ours = kit();
  publisher = new OutboxPublisher({
    kit: ours,
    bus,
    pool,
    routeServers,
    members: new GroupMembers(pool, ours),
    bots: { record: async () => {} },
    maxBytes: 100_000,
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

test('a group’s message is sent with its members, and its row is deleted after the reply', async () => {
  publisher.publish(batchOf('1', toGroup(5), pair(1)));
  expect(publisher.inFlight).toEqual(['1']);
  await expect.poll(() => deleted).toEqual(['1']);
  expect(sent()).toEqual([
    [5, [1, 2, 3]],
    [2, []],
  ]);
  expect(batches[0]?.messages?.map(({ groupVersion }) => groupVersion)).toEqual([3, 0]);
  expect(batches[0]?.messages?.map(({ outboxId }) => outboxId)).toEqual([1, 1]);
  expect(publisher.inFlight).toEqual([]);
});

test('batches are sent in commit order, also while one waits for members', async () => {
  let give = () => {};
  membersWaitFor = new Promise((resolve) => {
    give = resolve;
  });
  publisher.publish(batchOf('1', toGroup(5)));
  publisher.publish(batchOf('2', pair(1)));
  publisher.publish(batchOf('3', toGroup(6)));
  publisher.publish(batchOf('4', toGroup(5, 2)));
  expect(batches).toEqual([]);
  give();
  await expect.poll(() => sent().map(([to]) => to)).toEqual([5, 2, 6, 5]);
  publisher.publish(batchOf('5', pair(2)));
  expect(batches, 'nothing waits any more').toHaveLength(5);
});

test('a batch whose members cannot be loaded is retried, and does not delay others', async () => {
  databaseAway = true;
  publisher.publish(batchOf('1', toGroup(5)));
  publisher.publish(batchOf('2', pair(1)));
  await expect.poll(() => deleted).toEqual(['2']);
  expect(publisher.inFlight).toEqual(['1']);
  databaseAway = false;
  await expect.poll(() => deleted).toEqual(['2', '1']);
  expect(sent()).toEqual([
    [2, []],
    [5, [1, 2, 3]],
  ]);
});

test('nothing is sent while NATS is down; afterwards everything is sent together, in order', async () => {
  natsResponsive = false;
  for (let id = 1; id <= 300; id++) publisher.publish(batchOf(String(id), pair(id)));
  expect(batches).toEqual([]);
  natsResponsive = true;
  publisher.publish(batchOf('301', pair(301)));
  await expect.poll(() => deleted).toHaveLength(301);
  expect(batches.length, 'events').toBeLessThan(4);
  const ids = batches.flatMap(({ messages }) => messages ?? []).map(({ msgId }) => msgId);
  expect(ids).toEqual(Array.from({ length: 301 }, (_, i) => i + 1));
});

test('a late reply counts, and unanswered batches are retried together', async () => {
  const answers: (() => void)[] = [];
  answer = () => new Promise((resolve) => answers.push(resolve));
  // At one time, so that they are due at one time.
  const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
  for (let id = 1; id <= 20; id++) publisher.publish(batchOf(String(id), pair(id)));
  clock.mockRestore();
  await expect.poll(() => answers.length).toBeGreaterThanOrEqual(21);
  expect(batches[20]?.messages?.map(({ msgId }) => msgId)).toEqual(
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
  answers[3]?.();
  await expect.poll(() => deleted).toEqual(['4']);
  answers[20]?.();
  await expect.poll(() => deleted).toHaveLength(20);
  for (const late of answers) late();
  expect(publisher.inFlight).toEqual([]);
});

test('a route_server without a subscriber is no longer used', async () => {
  let asked = 0;
  answer = async () => {
    if (asked++ > 0) return;
    throw new NobodyListensError('stored-batch.7');
  };
  publisher.publish(batchOf('1', pair(1)));
  await expect.poll(() => deleted).toEqual(['1']);
  expect(forgotten).toEqual([7]);
});

test('batches beyond the limit are left to the reclaimer, and tracked up to a limit', async () => {
  natsResponsive = false;
  const large = (id: number) => batchOf(String(id), storedMessage({ msgId: id, pdu: Buffer.alloc(40_000) }));
  expect([1, 2, 3, 4].map((id) => publisher.publish(large(id)))).toEqual([true, true, true, true]);
  expect([publisher.hasRoom, publisher.unanswered]).toEqual([false, 2]);
  const toAll = Array.from({ length: 100_001 }, (_, i) => storedMessage({ toSessionId: i + 2 }));
  expect(publisher.publish(batchOf('5', ...toAll))).toBe(false);
  natsResponsive = true;
  await expect.poll(() => deleted).toEqual(['1', '2']);
  expect(publisher.hasRoom).toBe(true);
});

test('a message that overtakes others of its conversation names the lowest of them', async () => {
  databaseAway = true;
  publisher.publish(batchOf('1', toGroup(5, 7), toGroup(5, 8)));
  publisher.publish(batchOf('2', pair(1)));
  await expect.poll(() => deleted).toEqual(['2']);
  databaseAway = false;
  publisher.publish(batchOf('3', toGroup(5, 9), pair(2)));
  await expect.poll(() => deleted).toHaveLength(3);
  publisher.publish(batchOf('4', toGroup(5, 10)));
  const openFrom = batches
    .flatMap(({ messages }) => messages ?? [])
    .map((message) => [message.msgId, message.openFrom]);
  expect(Object.fromEntries(openFrom)).toEqual({ 1: 0, 2: 0, 7: 0, 8: 7, 9: 7, 10: 0 });
});

test('a message to a group without members has no receivers', async () => {
  membersOf.set(5, []);
  publisher.publish(batchOf('1', toGroup(5)));
  publisher.publish(batchOf('2', toGroup(5, 2), toGroup(6)));
  await expect.poll(() => deleted).toEqual(['1', '2']);
  expect(sent()).toEqual([[6, [4]]]);
});
