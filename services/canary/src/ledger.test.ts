import { DeliveryOrder } from '@teamtalk/protocol';
import { beforeEach, expect, it } from 'vitest';
import { Ledger } from './ledger.js';

/** Counted outcomes, in order. */
let counted: string[];
let ledger: Ledger;

function connection(account: string) {
  return { account, server: 's', isOpen: true, order: new DeliveryOrder() };
}

beforeEach(() => {
  counted = [];
  ledger = new Ledger({
    lateMs: 1_000,
    lostMs: 10_000,
    onMessage: (outcome, ms) => counted.push(`${outcome} after ${ms}`),
    onDelivery: ({ outcome, receiver, ms }) => counted.push(`${receiver.account} ${outcome} ${ms ?? ''}`),
  });
});

it('counts a message that everybody receives, before or after its acknowledgement', () => {
  const [a, b, c] = ['a', 'b', 'c'].map(connection);
  ledger.sent(1, a!, [b!, c!], 0);
  ledger.delivered(b!, 1, 7, 5);
  ledger.acknowledged(1, 7, 6);
  ledger.delivered(c!, 1, 7, 1_001);
  expect(counted).toEqual(['b delivered 5', 'acknowledged after 6', 'c late 1001']);
  expect(ledger.size).toBe(0);
});

it('counts a message that does not arrive in time as lost, once, unless the connection has ended', () => {
  const [a, b, c] = ['a', 'b', 'c'].map(connection);
  ledger.sent(1, a!, [b!, c!], 0);
  ledger.acknowledged(1, 7, 10);
  c!.isOpen = false;
  ledger.judge(10_009);
  expect(counted).toEqual(['acknowledged after 10']);
  ledger.judge(10_010);
  ledger.judge(30_000);
  ledger.delivered(b!, 1, 7, 30_001);
  expect(counted.slice(1)).toEqual(['b lost ', 'c interrupted ']);
});

it('does not expect the delivery of a message that was not acknowledged', () => {
  const [a, b] = ['a', 'b'].map(connection);
  ledger.sent(1, a!, [b!], 0);
  ledger.judge(60_000);
  ledger.failed(1, 'unacknowledged', 60_001);
  ledger.judge(120_000);
  expect(counted).toEqual(['unacknowledged after 60001']);
});

it('counts duplicated and reordered messages', () => {
  const [a, b] = ['a', 'b'].map(connection);
  ledger.sent(1, a!, [b!], 0);
  ledger.sent(2, a!, [b!], 0);
  ledger.delivered(b!, 2, 8, 1);
  ledger.delivered(b!, 1, 7, 2);
  ledger.delivered(b!, 2, 8, 3);
  expect(counted).toEqual(['b delivered 1', 'b reordered ', 'b duplicated ']);
});

it('ignores messages of others except for their order', () => {
  const b = connection('b');
  ledger.delivered(b, undefined, 8, 1);
  ledger.delivered(b, 99, 9, 1);
  expect(counted).toEqual([]);
  ledger.delivered(b, undefined, 7, 1);
  expect(counted).toEqual(['b reordered ']);
});

it('subtracts the time this process stalled', () => {
  const [a, b] = ['a', 'b'].map(connection);
  ledger.sent(1, a!, [b!], 0);
  ledger.acknowledged(1, 7, 10);
  ledger.excuse(20_000);
  ledger.judge(20_100);
  ledger.delivered(b!, 1, 7, 20_101);
  expect(counted.slice(1)).toEqual(['b delivered 101']);
});
