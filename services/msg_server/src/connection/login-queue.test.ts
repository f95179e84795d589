import { expect, test } from 'vitest';
import { LoginQueue } from './login-queue.js';

/** A connection that begins its login when it is its turn. */
class Client {
  isOpen = true;
  hasBegun = false;

  constructor(readonly queue: LoginQueue<Client>) {
    this.advance();
  }

  advance(): void {
    this.hasBegun = this.queue.begin(this);
  }
}

const begun = (clients: Client[]) => clients.map(({ hasBegun }) => hasBegun);

test('so many logins begin at once, the others in the order in which they came', () => {
  const queue = new LoginQueue<Client>(2);
  const clients = Array.from({ length: 5 }, () => new Client(queue));
  expect(begun(clients)).toEqual([true, true, false, false, false]);
  queue.end();
  expect(begun(clients)).toEqual([true, true, true, false, false]);
  queue.end();
  queue.end();
  expect(begun(clients)).toEqual([true, true, true, true, true]);
  expect(queue.waiting).toBe(0);
  expect(queue.underWay).toBe(2);
});

test('whoever gave up while he waited does not take a turn', () => {
  const queue = new LoginQueue<Client>(1);
  const [, second, third] = Array.from({ length: 3 }, () => new Client(queue));
  second!.isOpen = false;
  queue.end();
  expect(second!.hasBegun).toBe(false);
  expect(third!.hasBegun).toBe(true);
});
