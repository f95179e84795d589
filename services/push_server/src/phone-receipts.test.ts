import { type Bus, topics } from '@teamtalk/bus';
import { IM } from '@teamtalk/protocol';
import type { pushApi } from '@teamtalk/rpc';
import { createKit, readMetrics, sumOf } from '@teamtalk/service-kit';
import { expect, test, vi } from 'vitest';
import { phoneReceipts } from './phone-receipts.js';
import { claimedPush } from './testing/claimed-push.js';

const { CLIENT_TYPE_ANDROID } = IM.BaseDefine.ClientType;

/** Users are logged in at the msg_server of their own number, whose phones have acknowledged everything up to message 9. */
function start() {
  const kit = createKit('push_server', { logLevel: 'silent', shutdownMs: 1_000 });
  const warn = vi.spyOn(kit.log, 'warn');
  /** subjects that do not respond */
  const hung = new Set<string>();
  const request = async (topic: { subject: string }, query: Record<string, unknown[]>) => {
    if (hung.has(topic.subject)) throw new Error('no response');
    const { userIds, conversations } = query;
    if (!userIds) return { msgIds: conversations?.map(() => 9) };
    return { sessions: userIds.map((userId) => ({ userId, node: userId, clientType: CLIENT_TYPE_ANDROID })) };
  };
  return { receipts: phoneReceipts({ request } as Pick<Bus, 'request'>, kit), kit, warn, hung };
}

const push = (userId: number, msgId = 9) => claimedPush({ userId, msgId }) as pushApi.push.Push;

test('those pushes are selected whose message a phone has acknowledged', async () => {
  const { receipts } = start();
  const pushes = [push(1), push(2, 10), push(3), push(1, 0)];
  expect([...(await receipts(pushes))]).toEqual([pushes[0], pushes[2]]);
});

test('a msg_server that does not respond affects only its own users, and is logged once', async () => {
  const { receipts, kit, warn, hung } = start();
  hung.add(topics.acknowledged(2).subject);
  const pushes = [push(1), push(2), push(3)];
  for (let batch = 0; batch < 3; batch++) {
    expect([...(await receipts(pushes))]).toEqual([pushes[0], pushes[2]]);
    // One that it is not asked about changes nothing.
    await receipts([push(1)]);
  }
  expect(warn).toHaveBeenCalledTimes(1);
  const figures = readMetrics(await kit.metrics.registry.metrics());
  expect(sumOf(figures, 'teamtalk_push_server_receipt_queries_failed_total', {})).toBe(3);
});

test('without a route_server every push is sent', async () => {
  const { receipts, hung } = start();
  hung.add(topics.sessionsQuery.subject);
  expect(await receipts([push(1)])).toEqual(new Set());
});
