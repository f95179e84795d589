import { createTextCodec, DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import { beforeEach, expect, it } from 'vitest';
import { check } from './check.js';
import { DeliveryWatch } from './delivery-watch.js';
import { FaultTimes } from './fault-times.js';
import { Conversation, Ledger } from './ledger.js';

const [ann, bob] = [1, 2];
const codec = createTextCodec(DEFAULT_TEXT_KEY);

let ledger: Ledger;
let conversation: Conversation;
let history: { conv: string; id: number; from_id: number; data: Buffer }[];

beforeEach(() => {
  ledger = new Ledger();
  conversation = ledger.add(Conversation.pair(ann, bob));
  history = [];
  ledger.cameOnline(ann);
  ledger.cameOnline(bob);
});

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
  for (const id of (stored ?? [ack]).filter((each) => each > 0)) {
    history.push({ conv: conversation.conv, id, from_id: ann, data: codec.encrypt(`chaos ${sent.serial}`) });
  }
  if (ack > 0) ledger.acked(sent, ack, true);
  if (received) ledger.received(bob, conversation, ack);
  return sent;
}

const sql = async <Row>() => history.filter(({ id }) => id > conversation.base) as Row[];
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
  history.push({
    conv: conversation.conv,
    id: 3,
    from_id: ann,
    data: codec.encrypt(`chaos ${first.serial}`),
  });
  ledger.received(bob, conversation, 3);
  expect(await outcome()).toMatchObject({ ...clean, duplicated: 1 });
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
  expect(await outcome(longAgo), 'he has just come').toMatchObject(clean);
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
