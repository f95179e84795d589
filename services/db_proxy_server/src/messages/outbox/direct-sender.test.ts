import type { Bus, Registry } from '@teamtalk/bus';
import { noEffects, PresenceTable } from '@teamtalk/routing';
import { createKit } from '@teamtalk/service-kit';
import type { Pool } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { batchOf, storedMessage } from '../../testing/stored-message.js';
import { type DeliveryStream, DeliveryStreams } from '../delivery-streams.js';
import { GroupMembers } from '../group-members.js';
import { OutboxPublisher } from './publisher.js';

/** More than a msg_server may have unconfirmed. */
const large = storedMessage({ pdu: Buffer.alloc(9 * 1024 * 1024) });

let publisher: OutboxPublisher;
let streams: DeliveryStreams;
let sender: DeliveryStream;
let receiver: DeliveryStream;
const open = (node: number) => streams.open(node, { congested: false, send: () => {}, evict: () => {} });
/** Batches sent by a route_server. */
let routed: number;

beforeEach(() => {
  const kit = createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 1_000 });
  routed = 0;
  const request = async () => {
    routed++;
    return {};
  };
  const pool = { query: async () => ({ rows: [] }) } as unknown as Pool;
  streams = new DeliveryStreams();
  sender = open(11);
  receiver = open(12);
  const table = new PresenceTable();
  for (const [userId, node] of [
    [large.fromUserId, 11],
    [large.toSessionId, 12],
  ] as const) {
    table.add({ userId, node, connectionId: 1, clientType: 1, clientClass: 'pc', loginSeq: 1 }, noEffects());
  }
  publisher = new OutboxPublisher({
    kit,
    bus: { maxEventBytes: 1024 * 1024, stable: true, responsive: true, request } as unknown as Bus,
    pool,
    routeServers: { all: () => [{ instance: 7, draining: false }] } as unknown as Registry,
    members: new GroupMembers(pool, kit),
    bots: { record: async () => {} },
    direct: { presence: { table, doubt: undefined, prepare: () => {}, settling: undefined }, streams },
  });
});
afterEach(() => publisher.stop(0));

test('what was sent in an earlier store epoch is not waited for: nobody will confirm it', () => {
  publisher.publish(batchOf('1', large));
  expect([sender.doubt, receiver.doubt]).toEqual(['congested', 'congested']);
  publisher.forget();
  expect([sender.doubt, receiver.doubt]).toEqual([undefined, undefined]);
});

test('when one stream breaks, the others are not waited for and are trusted', async () => {
  publisher.publish(batchOf('1', large));
  streams.close(11, sender);
  await expect.poll(() => publisher.unanswered).toBe(0);
  expect(routed).toBe(1);
  expect(receiver.doubt).toBeUndefined();
});

test('of two streams of a msg_server the newer one is used, and the older one when that ends', () => {
  const newer = open(12);
  expect(streams.get(12)).toBe(newer);
  streams.close(12, newer);
  expect(streams.get(12)).toBe(receiver);
  streams.close(12, receiver);
  expect(streams.get(12)).toBeUndefined();
});
