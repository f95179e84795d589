import { Conversation } from '@teamtalk/load-generator';
import { createTextCodec, DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import { beforeEach, expect, it } from 'vitest';
import { check, checkHistory } from './check.js';
import type { StoredRow } from './copies.js';
import { DeliveryWatch } from './delivery-watch.js';
import { FaultTimes } from './fault-times.js';
import { Ledger } from './ledger.js';

const [ann, bob] = [1, 2];
const codec = createTextCodec(DEFAULT_TEXT_KEY);

let ledger: Ledger;
let conversation: Conversation;
let history: StoredRow[];
let reports: string[];

beforeEach(() => {
  reports = [];
  ledger = new Ledger((text) => reports.push(text));
  conversation = ledger.add(Conversation.pair(ann, bob));
  history = [];
  ledger.cameOnline(ann);
  ledger.cameOnline(bob);
});

/** Bob reads no history: what arrives while Bob is connected counts. */
function bobOnlyListens(since = performance.now()): void {
  ledger.cameOnline(bob, { at: since, readsHistory: false });
}

/** Adds a message of Ann's to history, by default in the conversation with Bob. */
function store(serial: number, id: number, { conv } = conversation): void {
  const data = codec.encrypt(`chaos ${serial}`);
  const trace = `0000002a${String(serial).padStart(8, '0')}`;
  history.push({ conv, id, from_id: ann, data, trace, xid: String(700 + id), stored_ms: Date.now() });
}

/** A message of ann to bob, acknowledged, stored and received, each unless told otherwise. */
function message({
  ack = 0,
  stored,
  received = ack > 0,
}: {
  ack?: number;
  stored?: number[];
  received?: boolean;
} = {}) {
  const sent = ledger.begin(conversation, ann);
  for (const id of (stored ?? [ack]).filter((each) => each > 0)) store(sent.serial, id);
  if (ack > 0) ledger.acked(sent, ack, true);
  if (received) ledger.received(bob, conversation, ack);
  return sent;
}

const sql = async <Row>(_text: string, [conv, data]: unknown[]) => {
  const wanted = Buffer.isBuffer(data)
    ? (row: StoredRow) => row.conv === conv && row.data.equals(data)
    : ({ id }: StoredRow) => id > ledger.checkedUpTo(conversation);
  return history.filter(wanted) as Row[];
};
/** What is found when a fault was there until then. */
const outcome = (faultEnd = performance.now()) => {
  const faults = new FaultTimes();
  faults.add(Number.NEGATIVE_INFINITY, faultEnd);
  return check(ledger, sql, faults, 100);
};
const clean = { lost: 0, duplicated: 0, reordered: 0, undelivered: 0, late: 0 };

it('has nothing to say against what is as it should be, round after round', async () => {
  message({ ack: 1 });
  message({ ack: 2 });
  message();
  expect(await outcome()).toEqual({ sent: 3, acked: 2, indeterminate: 1, checked: 2, ...clean });
  message({ ack: 3 });
  expect(await outcome()).toEqual({ sent: 1, acked: 1, indeterminate: 0, checked: 1, ...clean });
});

it('sees an acked message that is not in history, or not as what it was acked', async () => {
  message({ ack: 1, stored: [], received: false });
  message({ ack: 2, stored: [3], received: false });
  ledger.received(bob, conversation, 3);
  expect(await outcome()).toMatchObject({ ...clean, lost: 2 });
});

it('sees a message that is in history twice, in one round or two', async () => {
  const first = message({ ack: 1, stored: [1, 2] });
  ledger.received(bob, conversation, 2);
  expect(await outcome()).toMatchObject({ ...clean, duplicated: 1 });
  store(first.serial, 3);
  ledger.received(bob, conversation, 3);
  expect(await outcome()).toMatchObject({ ...clean, duplicated: 1 });
});

it('reports of each copy who sent it, when it was stored and by which attempt', async () => {
  ledger.clients.set(ann, 'legacy');
  const { serial, sentAt } = message({ ack: 1, stored: [1, 2] });
  history[1]!.trace = 'fffffff100000004';
  const faults = new FaultTimes();
  faults.add(sentAt - 1_612, sentAt);
  await check(ledger, sql, faults, 0);
  const time = /\d+ ms after a fault began, at 20\S+Z/.source;
  const parts = [
    `duplicated: ${serial} is in history as 1 and 2`,
    `conversation ${conversation.conv}, user ${ann} \\(legacy client\\)`,
    `sent 16${time}`,
    `acked as 1 ${time}`,
    `1 stored ${time}, transaction 701, trace 0000002a0000000${serial} \\(42, request ${serial}\\)`,
    `2 stored ${time}, transaction 702, trace fffffff100000004 \\(4294967281, request 4\\)`,
  ];
  expect(reports[0]).toMatch(new RegExp(`^${parts.join('; ')}$`));
});

it('sees a message in the history of others than it was sent to', async () => {
  const eve = 3;
  const other = ledger.add(Conversation.pair(ann, eve));
  const { serial } = message({ ack: 1, stored: [], received: false });
  store(serial, 1, other);
  expect(await outcome()).toMatchObject({ ...clean, lost: 1, duplicated: 1 });
});

it('sees one message acked as two', async () => {
  ledger.acked(message({ ack: 1 }), 2, true);
  expect(await outcome()).toMatchObject({ ...clean, duplicated: 1 });
});

it('sees messages stored in another order than sent', async () => {
  message({ ack: 2 });
  message({ ack: 1 });
  expect(await outcome()).toMatchObject({ ...clean, reordered: 1 });
});

it('sees what a connection gets twice, and what in the wrong order', async () => {
  const watch = new DeliveryWatch(ledger, bob, 'a connection');
  for (const id of [4, 6, 5, 7, 7]) watch.take(conversation, id);
  expect(await outcome()).toMatchObject({ ...clean, duplicated: 1, reordered: 1 });
});

it('sees what is delivered more than 5 s after ack, fault and login', async () => {
  const longAgo = performance.now() - 6_000;
  const acked = (ack: number) => {
    message({ ack }).ackedAt = longAgo;
  };
  acked(1);
  expect(await outcome(longAgo), 'connected only just now').toMatchObject(clean);
  ledger.cameOnline(bob, { at: longAgo });
  acked(2);
  expect(await outcome(), 'the fault has just ended').toMatchObject(clean);
  message({ ack: 3 });
  expect(await outcome(longAgo), 'the ack has just come').toMatchObject(clean);
  acked(4);
  expect(await outcome(longAgo)).toMatchObject({ ...clean, late: 1 });
});

it('sees what is never delivered', async () => {
  message({ ack: 1, received: false });
  expect(await outcome()).toMatchObject({ ...clean, undelivered: 1 });
});

it('takes a message without an ack either way, in history or not, but wants it delivered where it is', async () => {
  message({ stored: [] });
  message({ stored: [1], received: false });
  ledger.received(bob, conversation, 1);
  expect(await outcome()).toEqual({ sent: 2, acked: 0, indeterminate: 2, checked: 1, ...clean });
  message({ stored: [2], received: false });
  expect(await outcome()).toMatchObject({ ...clean, indeterminate: 1, undelivered: 1 });
});

it('takes a message that is stored after its round, but not a second time', async () => {
  const late = message({ stored: [] });
  expect(await outcome()).toMatchObject({ indeterminate: 1, ...clean });
  store(late.serial, 1);
  ledger.received(bob, conversation, 1);
  expect(await outcome()).toMatchObject(clean);
  store(late.serial, 2);
  ledger.received(bob, conversation, 2);
  expect(await outcome()).toMatchObject({ ...clean, duplicated: 1 });
});

it('wants of who reads no history only what was sent while they were connected, and are still', async () => {
  bobOnlyListens();
  message({ ack: 1, received: false });
  expect(await outcome(), 'connected all the while').toMatchObject({ ...clean, checked: 1, undelivered: 1 });
  message({ ack: 2, received: false });
  ledger.wentOffline(bob);
  expect(await outcome(), 'gone').toMatchObject({ ...clean, checked: 0 });
  message({ ack: 3, received: false });
  bobOnlyListens(performance.now() + 1);
  expect(await outcome(), 'came after it was sent').toMatchObject({ ...clean, checked: 0 });
});

it('has checked nothing where nobody was there to get it', async () => {
  ledger = new Ledger();
  conversation = ledger.add(Conversation.pair(ann, bob));
  message({ ack: 1 });
  expect(await outcome()).toMatchObject({ ...clean, acked: 1, checked: 0 });
});

it('counts lateness from the end of each fault that was there meanwhile', async () => {
  const now = performance.now();
  ledger.cameOnline(bob, { at: now - 60_000 });
  const faults = new FaultTimes();
  faults.add(now - 20_000, now - 12_000);
  faults.add(now - 9_000, now - 4_000);
  message({ ack: 1 }).ackedAt = now - 15_000;
  expect(await check(ledger, sql, faults, 100), 'a second fault').toMatchObject(clean);
  message({ ack: 2 }).ackedAt = now - 30_000;
  expect(await check(ledger, sql, faults, 100), 'faults that came later').toMatchObject({
    ...clean,
    late: 1,
  });
});

it('reads all of history once more and misses what is gone, or there twice', async () => {
  const all = async <Row>(text: string, values: unknown[]) =>
    text.includes('LIMIT') ? (history as Row[]) : sql<Row>(text, values);
  const first = message({ ack: 1 });
  message({ ack: 2 });
  await outcome();
  expect(await checkHistory(ledger, all)).toBe(0);
  store(first.serial, 3);
  expect(await checkHistory(ledger, all), 'twice').toBe(1);
  history = history.slice(1, 2);
  expect(await checkHistory(ledger, all), 'gone').toBe(1);
});
