import { DeliveryOrder } from '@teamtalk/protocol';
import { beforeEach, expect, it } from 'vitest';
import { BitSet } from './bit-set.js';
import { Conversation } from './conversation.js';
import { StoredMessages } from './judgement.js';
import { Ledger } from './ledger.js';

const [ann, bob, eve] = [1, 2, 3];
const pair = Conversation.pair(bob, ann);
const group = Conversation.group(9, [ann, bob, eve]);
const [toPair, toGroup] = [0, 1];

let ledger: Ledger;
let reports: string[];
let rows: [number, number][];

beforeEach(() => {
  reports = [];
  rows = [];
  ledger = new Ledger([pair, group], 1_000, (text) => reports.push(text));
});

/** A message of Ann's, as it should be, unless told otherwise. @returns its number */
function message(
  ack: number,
  {
    to = toPair,
    stored = [ack],
    receivers = to === toPair ? [bob] : [bob, eve],
  }: { to?: number; stored?: number[]; receivers?: number[] } = {},
): number {
  const number = ledger.begin(to, 0);
  if (ack > 0) ledger.acknowledged(number, ack);
  for (const user of receivers) ledger.receivedBy(number, user);
  for (const id of stored) if (id > 0) rows.push([number, id]);
  return number;
}

function found(): Record<string, number> {
  const stored = new StoredMessages(ledger.findings);
  for (const [number, id] of rows) stored.add(number, id);
  ledger.compare(stored);
  return Object.fromEntries(Object.entries(ledger.findings.counts).filter(([, count]) => count > 0));
}

it('finds nothing where all is as it should be', () => {
  message(1);
  message(2);
  message(1, { to: toGroup });
  expect(ledger.isComplete).toBe(true);
  expect([ledger.sent, ledger.acked, ledger.delivered, ledger.inFlight]).toEqual([3, 3, 4, 0]);
  expect(found()).toEqual({});
});

it('finds an acknowledged message that history does not have, or has under another id', () => {
  message(1, { stored: [] });
  message(2, { stored: [3] });
  expect(found()).toEqual({ lost: 2 });
});

it('finds what history has twice, in any order, and one message acknowledged as two', () => {
  message(1, { stored: [1, 2] });
  message(3, { stored: [4, 3] });
  ledger.acknowledged(message(5), 6);
  expect(ledger.acknowledged(message(7), 7)).toBe(false);
  expect(found()).toEqual({ duplicated: 3 });
});

it('finds what is stored in another order than it was sent in, and acknowledged so', () => {
  message(2);
  message(1);
  expect(ledger.invertedAcks).toBe(1);
  expect(found()).toEqual({ reordered: 1 });
});

it('compares the order of one sender in one conversation only', () => {
  message(2);
  message(1, { to: toGroup });
  ledger.acknowledged(ledger.begin(toPair, 1), 1);
  rows.push([2, 1]);
  ledger.receivedBy(2, ann);
  expect(found()).toEqual({});
});

it('finds a receiver who did not get what is stored, and somebody who should not have', () => {
  const number = message(1, { to: toGroup, receivers: [bob] });
  ledger.receivedBy(message(1, { stored: [1] }), eve);
  expect(ledger.inFlight).toBe(1);
  expect(found()).toEqual({ undelivered: 1, misrouted: 1 });
  expect(reports).toContain(`undelivered: ${number} (1) of group 9 did not come to user ${eve}`);
});

it('finds a message without an ack, stored or not', () => {
  message(0, { stored: [], receivers: [] });
  message(0, { stored: [1] });
  expect(found()).toEqual({ unacknowledged: 2 });
});

it('reports the first 20 violations in words', () => {
  for (let i = 0; i < 30; i++) message(i + 1, { stored: [] });
  expect(found()).toEqual({ lost: 30 });
  expect(reports).toHaveLength(20);
});

it('tells a duplicate on a connection from a message out of order', () => {
  const order = new DeliveryOrder();
  expect([4, 6, 5, 7, 7].map((id) => order.take(id))).toEqual([
    undefined,
    undefined,
    'reordered',
    undefined,
    'duplicated',
  ]);
});

it('a set of bits grows, and names what another one lacks', () => {
  const [some, others] = [new BitSet(8), new BitSet(8)];
  for (const number of [0, 7, 8, 100_000]) expect(some.add(number)).toBe(true);
  expect(some.add(8)).toBe(false);
  for (const number of [0, 8, 9]) others.add(number);
  expect([some.size, some.has(100_000), some.has(99_999)]).toEqual([4, true, false]);
  expect([...some.missingIn(others)]).toEqual([7, 100_000]);
});
