import { waitUntil } from '@teamtalk/local-stack';
import { createTextCodec, DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import type { FaultTimes } from './fault-times.js';
import type { Conversation, Ledger, Presence, Sent } from './ledger.js';
import { SerialSet } from './serial-set.js';

/** What became of the messages of one round, or of several. */
export interface Outcome {
  sent: number;
  acked: number;
  /** without an ack: nobody promised anything, so that both are right, in history or not */
  indeterminate: number;
  /** deliveries to users who were there to get them: where there are none, nothing was tested */
  checked: number;
  /** acknowledged, but not in history under that id */
  lost: number;
  /** in history twice, acknowledged as two, or delivered twice on one connection */
  duplicated: number;
  /** delivered in another order than that of their ids, or stored in another than they were sent */
  reordered: number;
  /** in history, and never with a receiver who was there */
  undelivered: number;
  /** with a receiver, but more than 5 s after the ack, the receiver's login and the end of each fault meanwhile */
  late: number;
}

interface StoredRow {
  conv: string;
  id: number;
  from_id: number;
  data: Buffer;
}

type Stored = StoredRow & { conversation: Conversation; serial: number };

type Sql = <Row>(text: string, values: unknown[]) => Promise<Row[]>;

const deliveryMs = 5_000;
const missingAfterMs = 10_000;
const codec = createTextCodec(DEFAULT_TEXT_KEY);

/** Text of a message; it says which one it is. */
export function textOf({ serial }: Sent): string {
  return `chaos ${serial}`;
}

/**
 * Compares the ledger of a round with history. Nothing may be sent meanwhile, and nothing be in flight.
 * @param faults when there were any
 * @param missingMs how long late deliveries are waited for, milliseconds
 */
export async function check(
  ledger: Ledger,
  sql: Sql,
  faults: FaultTimes,
  missingMs = missingAfterMs,
): Promise<Outcome> {
  const stored = await readStored(ledger, sql);
  const complain = (text: string) => ledger.complain(text);
  const sent = [...ledger.sent.values()];
  const acked = sent.filter((each) => each.msgId !== undefined);
  const lost = findLost(acked, stored, complain);
  findDuplicates(stored, ledger);
  findSwapped(acked, ledger);
  const deliveries = await checkDeliveries(ledger, stored, faults, missingMs);
  for (const { conversation, id, serial } of stored) {
    ledger.storedBefore.add(serial);
    conversation.base = Math.max(conversation.base, id);
  }
  const indeterminate = sent.length - acked.length;
  return { sent: sent.length, acked: acked.length, indeterminate, lost, ...deliveries, ...ledger.close() };
}

export function sumOf(outcomes: readonly Outcome[]): Outcome {
  const sum: Outcome = {
    sent: 0,
    acked: 0,
    indeterminate: 0,
    checked: 0,
    lost: 0,
    duplicated: 0,
    reordered: 0,
    undelivered: 0,
    late: 0,
  };
  for (const outcome of outcomes) {
    for (const key of Object.keys(sum) as (keyof Outcome)[]) sum[key] += outcome[key];
  }
  return sum;
}

/** What history has of the ledger's conversations beyond what was checked before. */
async function readStored(ledger: Ledger, sql: Sql): Promise<Stored[]> {
  const conversations = [...ledger.conversations.values()];
  const byConv = new Map(conversations.map((each) => [each.conv, each]));
  const rows = await sql<StoredRow>(
    `SELECT m.conv::text, m.id, m.from_id, m.data FROM unnest($1::int8[], $2::int4[]) AS b(conv, base)
     JOIN message m ON m.conv = b.conv AND m.id > b.base ORDER BY m.conv, m.id`,
    [conversations.map((each) => each.conv), conversations.map((each) => each.base)],
  );
  return rows.map((row) => ({
    ...row,
    conversation: byConv.get(row.conv)!,
    serial: serialOf(row.data),
  }));
}

function findLost(
  acked: readonly Sent[],
  stored: readonly Stored[],
  complain: (text: string) => void,
): number {
  const places = new Set<string>();
  for (const { serial, conversation, from_id, id } of stored) {
    // An HTTP ack has no id.
    for (const each of [id, 0]) places.add(`${serial} ${conversation.key} ${from_id} ${each}`);
  }
  let lost = 0;
  for (const { serial, msgId, conversation, from } of acked) {
    if (places.has(`${serial} ${conversation.key} ${from} ${msgId}`)) continue;
    lost++;
    complain(`lost: ${serial} of user ${from}, ${conversation.key}, is not in history as ${msgId}`);
  }
  return lost;
}

function findDuplicates(stored: readonly Stored[], ledger: Ledger): void {
  const here = new Map<number, number>();
  for (const { serial, id, conversation } of stored) {
    const earlier = here.get(serial);
    if (earlier !== undefined || ledger.storedBefore.has(serial)) {
      ledger.violated('duplicated', `${serial} is in history as ${earlier} and ${id} of ${conversation.key}`);
    }
    here.set(serial, id);
  }
}

/** Of messages that each went through at once, the one that was sent first has the lower id. */
function findSwapped(acked: readonly Sent[], ledger: Ledger): void {
  const newest = new Map<string, Sent>();
  for (const sent of acked) {
    if (!sent.steady || !sent.msgId) continue;
    const key = `${sent.from} ${sent.conversation.key}`;
    const before = newest.get(key);
    if (before && before.msgId! > sent.msgId) {
      ledger.violated(
        'reordered',
        `${before.serial} is ${before.msgId}, ${sent.serial} is ${sent.msgId} of ${key}`,
      );
    }
    newest.set(key, sent);
  }
}

/** A message in history and somebody who has to get it. */
interface Delivery {
  message: Stored;
  sent: Sent | undefined;
  user: number;
  presence: Presence;
}

async function checkDeliveries(
  ledger: Ledger,
  stored: readonly Stored[],
  faults: FaultTimes,
  missingMs: number,
): Promise<Pick<Outcome, 'checked' | 'undelivered' | 'late'>> {
  const receivedAt = ({ user, message }: Delivery) =>
    ledger.receivedAt(user, message.conversation, message.id);
  const owed = deliveriesOf(ledger, stored).filter(isOwed);
  let missing = owed;
  await waitUntil(
    () => {
      // Whose connection breaks while they are waited for need not get anything any more.
      missing = missing.filter((delivery) => receivedAt(delivery) === undefined && isOwed(delivery));
      return missing.length === 0;
    },
    { timeoutMs: missingMs, everyMs: 50, what: 'deliveries' },
  ).catch(() => {});
  for (const { message, user } of missing) {
    ledger.complain(`undelivered: ${message.id} of ${message.conversation.key} to user ${user}`);
  }
  let late = 0;
  for (const delivery of deliveriesOf(ledger, stored)) {
    const { message, sent, user, presence } = delivery;
    const at = receivedAt(delivery);
    // What came by an earlier connection came in time, or when that one was made, which nobody remembers.
    if (at === undefined || sent?.ackedAt === undefined || presence.since > at) continue;
    const begin = Math.max(sent.ackedAt, presence.since);
    const due = faults.dueAt(begin, deliveryMs);
    if (at <= due) continue;
    late++;
    const where = `${message.id} of ${message.conversation.key} to user ${user}`;
    ledger.complain(`late: ${where}, ${Math.round(at - begin)} ms, ${Math.round(at - due)} ms too late`);
  }
  return { checked: owed.length, undelivered: missing.length, late };
}

function deliveriesOf(ledger: Ledger, stored: readonly Stored[]): Delivery[] {
  return stored.flatMap((message) => {
    const sent = ledger.sent.get(message.serial);
    return message.conversation.members.flatMap((user) => {
      const presence = user === message.from_id ? undefined : ledger.presenceOf(user);
      return presence ? [{ message, sent, user, presence }] : [];
    });
  });
}

/** Who reads history gets everything; others what was sent while they were, and as long as they are, connected. */
function isOwed({ sent, presence: { readsHistory, isOnline, since } }: Delivery): boolean {
  return readsHistory || (isOnline && sent !== undefined && since <= sent.sentAt);
}

/** Rows read at once. */
const page = 20_000;

/**
 * Reads all of history once more: what was acknowledged in any round is there, and nothing twice.
 * @returns how many messages that is not so for
 */
export async function checkHistory(ledger: Ledger, sql: Sql): Promise<number> {
  const seen = new SerialSet();
  const convs = new Set([...ledger.conversations.values()].map(({ conv }) => conv));
  let wrong = 0;
  for (let from = { conv: '-9223372036854775808', id: 0 }; ; ) {
    const rows = await sql<StoredRow>(
      `SELECT m.conv::text, m.id, m.from_id, m.data FROM message m WHERE (m.conv, m.id) > ($1::int8, $2::int4)
       ORDER BY m.conv, m.id LIMIT ${page}`,
      [from.conv, from.id],
    );
    for (const { conv, id, data } of rows) {
      if (!convs.has(conv)) continue;
      const serial = serialOf(data);
      if (seen.has(serial)) {
        wrong++;
        ledger.complain(`duplicated: ${serial} is in history again as ${id} of ${conv}`);
      }
      seen.add(serial);
    }
    if (rows.length < page) break;
    from = rows.at(-1)!;
  }
  const told = (serial: number) => ledger.complain(`lost: ${serial} is not in history any more`);
  return wrong + ledger.ackedEver.countMissingIn(seen, told);
}

function serialOf(data: Buffer): number {
  return Number(codec.decrypt(data).split(' ')[1]);
}
