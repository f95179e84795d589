import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LoginQueue } from './login-queue.js';
import { RateLimit } from './token-bucket.js';

/** A connection that begins its login when it is its turn. */
class Client {
  isOpen = true;
  hasBegun = false;

  constructor(
    readonly queue: LoginQueue<Client>,
    readonly remoteAddress = '192.0.2.1',
  ) {
    this.advance();
  }

  advance(): void {
    this.hasBegun = this.queue.begin(this);
  }
}

const clientsOf = (queue: LoginQueue<Client>, count: number) =>
  Array.from({ length: count }, () => new Client(queue));
const begun = (clients: Client[]) => clients.map(({ hasBegun }) => hasBegun);
const countOf = (clients: Client[]) => clients.filter(({ hasBegun }) => hasBegun).length;
const noRate = new RateLimit(0, 1);

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test('limits the logins in flight and admits the others in order of arrival', () => {
  const queue = new LoginQueue<Client>({ maxInFlight: 2, rate: noRate });
  const clients = clientsOf(queue, 5);
  expect(begun(clients)).toEqual([true, true, false, false, false]);
  queue.end();
  expect(begun(clients)).toEqual([true, true, true, false, false]);
  queue.end();
  queue.end();
  expect(begun(clients)).toEqual([true, true, true, true, true]);
  expect(queue.waiting).toBe(0);
  expect(queue.inFlight).toBe(2);
});

test('a connection that closed while waiting takes no turn', () => {
  const queue = new LoginQueue<Client>({ maxInFlight: 1, rate: noRate });
  const [, second, third] = clientsOf(queue, 3);
  second!.isOpen = false;
  queue.remove(second!);
  expect(queue.waiting).toBe(1);
  queue.end();
  expect(second!.hasBegun).toBe(false);
  expect(third!.hasBegun).toBe(true);
});

test('after a burst logins begin at the configured rate, in order of arrival', () => {
  const waits: number[] = [];
  const rate = new RateLimit(100, 10);
  const queue = new LoginQueue<Client>({
    maxInFlight: 1000,
    rate,
    onWaited: (seconds) => waits.push(seconds),
  });
  const clients = clientsOf(queue, 70);
  expect(countOf(clients)).toBe(10);
  vi.advanceTimersByTime(500);
  expect(countOf(clients)).toBe(60);
  expect(begun(clients.slice(0, 61))).toEqual([...Array<boolean>(60).fill(true), false]);
  vi.advanceTimersByTime(100);
  expect(countOf(clients)).toBe(70);
  expect(waits).toHaveLength(60);
  expect(waits.at(-1)).toBeCloseTo(0.6, 2);
  // No timer runs while nobody waits.
  expect(vi.getTimerCount()).toBe(0);
});

test('connections that close while waiting do not use up the rate', () => {
  const queue = new LoginQueue<Client>({ maxInFlight: 1000, rate: new RateLimit(100, 1) });
  const clients = clientsOf(queue, 101);
  const leavers = clients.slice(1, 91);
  for (const client of leavers) {
    client.isOpen = false;
    queue.remove(client);
  }
  vi.advanceTimersByTime(100);
  expect(countOf(clients)).toBe(11);
  expect(countOf(leavers)).toBe(0);
});

test('a newcomer does not overtake waiting connections', () => {
  const queue = new LoginQueue<Client>({ maxInFlight: 1000, rate: new RateLimit(10, 1) });
  const [, second] = clientsOf(queue, 2);
  const third = new Client(queue);
  vi.advanceTimersByTime(100);
  expect([second!.hasBegun, third.hasBegun]).toEqual([true, false]);
  vi.advanceTimersByTime(100);
  expect(third.hasBegun).toBe(true);
});

test('networks take turns: many logins from one delay those from others by one turn each', () => {
  const queue = new LoginQueue<Client>({ maxInFlight: 1, rate: noRate });
  const crowd = clientsOf(queue, 100);
  const others = ['192.0.2.2', '2001:db8::1', '2001:db8::2'].map((address) => new Client(queue, address));
  queue.end();
  queue.end();
  queue.end();
  expect([countOf(crowd), ...begun(others)]).toEqual([2, true, true, false]);
  queue.end();
  queue.end();
  expect([countOf(crowd), ...begun(others)]).toEqual([3, true, true, true]);
  for (let i = 0; i < 97; i++) queue.end();
  expect(countOf(crowd)).toBe(100);
  expect(queue.waiting).toBe(0);
});

test('the timer stops with the last waiting connection', () => {
  const queue = new LoginQueue<Client>({ maxInFlight: 10, rate: new RateLimit(10, 1) });
  const [, second] = clientsOf(queue, 2);
  expect(vi.getTimerCount()).toBe(1);
  queue.remove(second!);
  expect(vi.getTimerCount()).toBe(0);
});
