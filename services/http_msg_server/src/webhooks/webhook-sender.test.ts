import { createTextCodec, DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import type { ReplicaPool } from '@teamtalk/rpc';
import { createKit, every } from '@teamtalk/service-kit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebhookSender } from './webhook-sender.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('claims events twice a second, or every other second while there are no webhooks', async () => {
  let noWebhooks = true;
  let claims: number[] = [];
  const others: number[] = [];
  const pool = {
    replicas: [{}],
    callOnce: async () => {
      claims.push(performance.now());
      return { events: [], noWebhooks };
    },
  } as unknown as ReplicaPool;
  const stopOthers = every(2_000, () => void others.push(performance.now()));
  const kit = createKit('http_msg_server', { logLevel: 'silent', shutdownMs: 1_000 });
  const sender = new WebhookSender({ kit, pool, textCodec: createTextCodec(DEFAULT_TEXT_KEY) });
  try {
    await vi.advanceTimersByTimeAsync(11_000);
    const [first, ...further] = claims;
    expect(others.length).toBeGreaterThanOrEqual(5);
    expect(further).toEqual(others.filter((at) => at > first!));
    noWebhooks = false;
    await vi.advanceTimersByTimeAsync(2_000);
    claims = [];
    await vi.advanceTimersByTimeAsync(3_000);
    expect(claims).toHaveLength(6);
  } finally {
    await stopOthers();
    await sender.stop();
  }
});
