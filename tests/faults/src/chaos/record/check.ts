import { BitSet, type Conversation, type SentMessage, StoredMessages } from '@teamtalk/load-generator';
import { waitUntil } from '@teamtalk/local-stack';
import { createTextCodec, DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import { Copies, type Sql, type StoredRow, storedColumns } from './copies.js';
import type { FaultTimes } from './fault-times.js';
import type { Ledger, Presence, Sent, Violations } from './ledger.js';

/** What became of the messages of one round, or of several. */
export interface Outcome extends Violations {
  sent: number;
  acked: number;
  /** without an ack: nothing was promised, so it may be in history or not */
  indeterminate: number;
  /** deliveries owed to users who were online; 0: nothing was tested */
  checked: number;
}

type Stored = StoredRow & { conversation: Conversation; serial: number };

const deliveryMs = 5_000;
const missingAfterMs = 10_000;
const codec = createTextCodec(DEFAULT_TEXT_KEY);

/** A message's text, which identifies it. */
export function textOf({ serial }: Sent): string {
  return `chaos ${serial}`;
}

/**
 * Compares the ledger of a round with history. Nothing may be sent meanwhile, and nothing be in flight.
 * @param faults when faults were present
 * @param missingMs how long late deliveries are waited for, milliseconds
 */
export async function check(
  ledger: Ledger,
  sql: Sql,
  faults: FaultTimes,
  missingMs = missingAfterMs,
): Promise<Outcome> {
  const stored = await readStored(ledger, sql);
  const sent = [...ledger.sent.values()];
  await judgeHistory(ledger, stored, new Copies(ledger, sql, faults));
  const checked = await checkDeliveries(ledger, stored, faults, missingMs);
  for (const { conversation, id, serial } of stored) {
    ledger.storedBefore.add(serial);
    ledger.checked(conversation, id);
  }
  const acked = sent.filter(({ msgId }) => msgId !== undefined).length;
  return { sent: sent.length, acked, indeterminate: sent.length - acked, checked, ...ledger.close() };
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

/** What history has of the ledger's conversations that has not been checked in an earlier round. */
async function readStored(ledger: Ledger, sql: Sql): Promise<Stored[]> {
  const conversations = [...ledger.conversations.values()];
  const byConv = new Map(conversations.map((each) => [each.conv, each]));
  const rows = await sql<StoredRow>(
    // The order within a conversation makes PostgreSQL use the index, however much history there is.
    `SELECT m.* FROM unnest($1::int8[], $2::int4[]) AS b(conv, base)
     CROSS JOIN LATERAL (
       SELECT ${storedColumns} FROM message WHERE conv = b.conv AND id > b.base ORDER BY id OFFSET 0) m
     ORDER BY b.conv, m.id`,
    [conversations.map((each) => each.conv), conversations.map((each) => ledger.checkedUpTo(each))],
  );
  return rows.map((row) => ({
    ...row,
    conversation: byConv.get(row.conv)!,
    serial: serialOf(row.data),
  }));
}

/** Finds what is lost, in history twice, or in another order than it was sent in. */
async function judgeHistory(ledger: Ledger, rows: readonly Stored[], copies: Copies): Promise<void> {
  const { findings } = ledger;
  const stored = new StoredMessages(findings);
  for (const row of rows) {
    const { serial, id, conversation, from_id } = row;
    const sent = ledger.sent.get(serial);
    const isElsewhere = sent && (sent.conversation !== conversation || sent.from !== from_id);
    const isAgain = ledger.storedBefore.has(serial);
    const isCopy = isElsewhere || isAgain || stored.idOf(serial) !== undefined;
    const details = isCopy ? await copies.describe(serial, row) : '';
    const where = `${id} of ${conversation.key}`;
    if (isElsewhere)
      findings.add('duplicated', `${serial} is in history as ${where}, but was not sent there${details}`);
    else if (isAgain) findings.add('duplicated', `${serial} is in history again, as ${where}${details}`);
    else stored.add(serial, id, details);
  }
  stored.judge(sentMessages(ledger));
}

function* sentMessages({ sent }: Ledger): Generator<SentMessage> {
  for (const { serial, conversation, from, msgId, steady } of sent.values()) {
    const lane = `user ${from} to ${conversation.key}`;
    // Only messages that were sent once: one sent again may be stored after later ones.
    yield { number: serial, lane, msgId, isOrdered: steady === true && msgId !== 0 };
  }
}

/** A message in history and a member who should get it. */
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
): Promise<number> {
  const receivedAt = ({ user, message }: Delivery) =>
    ledger.receivedAt(user, message.conversation, message.id);
  const owed = deliveriesOf(ledger, stored).filter(isOwed);
  let missing = owed;
  await waitUntil(
    () => {
      // A user whose connection breaks meanwhile is owed nothing any more.
      missing = missing.filter((delivery) => receivedAt(delivery) === undefined && isOwed(delivery));
      return missing.length === 0;
    },
    { timeoutMs: missingMs, everyMs: 50, what: 'deliveries' },
  ).catch(() => {});
  for (const { message, user } of missing) {
    ledger.findings.add('undelivered', `${message.id} of ${message.conversation.key} to user ${user}`);
  }
  for (const delivery of deliveriesOf(ledger, stored)) {
    const { message, sent, user, presence } = delivery;
    const at = receivedAt(delivery);
    // An earlier connection's deliveries cannot be judged: its login time is not kept.
    if (at === undefined || sent?.ackedAt === undefined || presence.since > at) continue;
    const begin = Math.max(sent.ackedAt, presence.since);
    const due = faults.dueAt(begin, deliveryMs);
    if (at <= due) continue;
    const where = `${message.id} of ${message.conversation.key} to user ${user}`;
    const ms = `${Math.round(at - begin)} ms, ${Math.round(at - due)} ms too late`;
    ledger.findings.add('late', `${where}, ${ms}`);
  }
  return owed.length;
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

/** Users who read history are owed everything; others what was sent during their connection, while it lasts. */
function isOwed({ sent, presence: { readsHistory, isOnline, since } }: Delivery): boolean {
  return readsHistory || (isOnline && sent !== undefined && since <= sent.sentAt);
}

/** Rows read in one statement. */
const page = 20_000;

/**
 * Reads all of history once more: what was acknowledged in any round has to be there, and nothing twice.
 * @returns how many messages are missing or duplicated
 */
export async function checkHistory(ledger: Ledger, sql: Sql): Promise<number> {
  const seen = new BitSet();
  const convs = new Set([...ledger.conversations.values()].map(({ conv }) => conv));
  const copies = new Copies(ledger, sql);
  let wrong = 0;
  for (let from = { conv: '-9223372036854775808', id: 0 }; ; ) {
    const rows = await sql<StoredRow>(
      `SELECT ${storedColumns} FROM message m WHERE (m.conv, m.id) > ($1::int8, $2::int4)
       ORDER BY m.conv, m.id LIMIT ${page}`,
      [from.conv, from.id],
    );
    for (const row of rows) {
      const { conv, id, data } = row;
      if (!convs.has(conv)) continue;
      const serial = serialOf(data);
      if (seen.add(serial)) continue;
      wrong++;
      const details = await copies.describe(serial, row);
      ledger.findings.complain(`duplicated: ${serial} is in history again as ${id}${details}`);
    }
    if (rows.length < page) break;
    from = rows.at(-1)!;
  }
  for (const serial of ledger.ackedEver.missingIn(seen)) {
    wrong++;
    ledger.findings.complain(`lost: ${serial} is not in history any more`);
  }
  return wrong;
}

function serialOf(data: Buffer): number {
  return Number(codec.decrypt(data).split(' ')[1]);
}
