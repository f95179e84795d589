import { directDeliveryMs } from '@teamtalk/bus';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PresenceLease } from './presence-lease.js';

/** NATS as seen by the process, whose answers the test gives. */
class FakeNats {
  connected = true;
  readonly asked: PromiseWithResolvers[] = [];
  readonly #reconnected: (() => void)[] = [];

  flush(): Promise<void> {
    let resolve = () => {};
    let reject = () => {};
    const promise = new Promise<void>((yes, no) => {
      resolve = yes;
      reject = () => no(new Error('disconnected'));
    });
    this.asked.push({ resolve, reject });
    return promise;
  }

  onReconnect(listener: () => void): void {
    this.#reconnected.push(listener);
  }

  reconnect(): void {
    for (const listener of this.#reconnected) listener();
  }

  async answer(): Promise<void> {
    this.asked.shift()?.resolve();
    await vi.advanceTimersByTimeAsync(0);
  }
}

interface PromiseWithResolvers {
  resolve: () => void;
  reject: () => void;
}

let nats: FakeNats;
let lease: PresenceLease;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] });
  nats = new FakeNats();
  lease = new PresenceLease(nats);
});
afterEach(() => {
  vi.useRealTimers();
});

test('holds from an answer on, for a time that begins with the question', async () => {
  lease.renew();
  expect(lease.holds).toBe(false);
  await vi.advanceTimersByTimeAsync(100);
  await nats.answer();
  expect(lease.holds).toBe(true);
  await vi.advanceTimersByTimeAsync(directDeliveryMs.lease - 100);
  expect(lease.holds).toBe(true);
  await vi.advanceTimersByTimeAsync(1);
  expect(lease.holds).toBe(false);
});

test('a late answer gives nothing', async () => {
  lease.renew();
  await vi.advanceTimersByTimeAsync(directDeliveryMs.lease + 1);
  await nats.answer();
  expect(lease.holds).toBe(false);
});

test('is renewed before it ends, and not more often than twice in its time', async () => {
  for (let ms = 0; ms < directDeliveryMs.lease * 2; ms += 10) {
    lease.renew();
    await nats.answer();
    await vi.advanceTimersByTimeAsync(10);
    expect(lease.holds).toBe(true);
  }
  lease.renew();
  expect(nats.asked.length).toBeLessThanOrEqual(1);
});

test('ends with the connection, and an answer to a question over an earlier one gives nothing', async () => {
  lease.renew();
  await nats.answer();
  await vi.advanceTimersByTimeAsync(directDeliveryMs.lease / 2);
  lease.renew();
  nats.reconnect();
  expect(lease.holds).toBe(false);
  await nats.answer();
  expect(lease.holds).toBe(false);
});

test('asks nothing while NATS is not connected, and goes on after a question that failed', async () => {
  nats.connected = false;
  lease.renew();
  expect(nats.asked).toEqual([]);
  nats.connected = true;
  lease.renew();
  nats.asked.shift()?.reject();
  await vi.advanceTimersByTimeAsync(directDeliveryMs.lease);
  lease.renew();
  await nats.answer();
  expect(lease.holds).toBe(true);
});

test('after an idle time a batch waits for the answer, but not for long', async () => {
  lease.renew();
  let waited = false;
  void lease.renewing?.then(() => {
    waited = true;
  });
  await vi.advanceTimersByTimeAsync(49);
  expect(waited).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(waited).toBe(true);
  expect(lease.renewing).toBeUndefined();
  await nats.answer();
  await vi.advanceTimersByTimeAsync(directDeliveryMs.lease / 2);
  lease.renew();
  expect(lease.renewing, 'it still holds').toBeUndefined();
});
