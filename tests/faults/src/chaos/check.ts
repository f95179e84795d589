import { waitUntil } from '@teamtalk/local-stack';
import { createTextCodec, DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import type { Conversation, Ledger, Sent } from './ledger.js';

/** What became of the messages of one round, or of several. */
export interface Outcome {
  sent: number;
  acked: number;
  /** acknowledged, but not in history under that id */
  lost: number;
  /** in history twice, acknowledged as two, or delivered twice on one connection */
  duplicated: number;
  /** delivered in another order than that of their ids, or stored in another than they were sent */
  reordered: number;
  /** acknowledged, and not with a receiver 5 s after the ack, the fault's end and his login */
  undelivered: number;
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
const patienceMs = 10_000;
const codec = createTextCodec(DEFAULT_TEXT_KEY);

/** Text of a message; it says which one it is. */
export function textOf({ serial }: Sent): string {
  return `chaos ${serial}`;
}

/**
 * Compares the ledger of a round with history. Nothing may be sent meanwhile, and nothing be under way.
 * @param faultEnd performance.now() at the end of the fault
 * @param missingMs how long late deliveries are waited for, milliseconds
 */
export async function check(
  ledger: Ledger,
  sql: Sql,
  faultEnd: number,
  missingMs = patienceMs,
): Promise<Outcome> {
  const stored = await readStored(ledger, sql);
  const complain = (text: string) => ledger.complain(text);
  const sent = [...ledger.sent.values()];
  const acked = sent.filter((each) => each.msgId !== undefined);
  const lost = findLost(acked, stored, complain);
  findDuplicates(stored, ledger);
  findSwapped(acked, ledger);
  const undelivered = await findUndelivered(ledger, acked, stored, faultEnd, missingMs);
  for (const { conversation, id, serial } of stored) {
    ledger.storedBefore.add(serial);
    conversation.base = Math.max(conversation.base, id);
  }
  return { sent: sent.length, acked: acked.length, lost, undelivered, ...ledger.close() };
}

export function sumOf(outcomes: readonly Outcome[]): Outcome {
  const sum: Outcome = { sent: 0, acked: 0, lost: 0, duplicated: 0, reordered: 0, undelivered: 0 };
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
    serial: Number(codec.decrypt(row.data).split(' ')[1]),
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

async function findUndelivered(
  ledger: Ledger,
  acked: readonly Sent[],
  stored: readonly Stored[],
  faultEnd: number,
  missingMs: number,
): Promise<number> {
  const missing = () =>
    stored.flatMap(({ conversation, id, from_id }) =>
      conversation.members
        .filter((user) => user !== from_id && ledger.onlineSince(user) !== undefined)
        .filter((user) => ledger.receivedAt(user, conversation, id) === undefined)
        .map((user) => `undelivered: ${id} of ${conversation.key} to user ${user}`),
    );
  await waitUntil(() => missing().length === 0, {
    timeoutMs: missingMs,
    everyMs: 50,
    what: 'deliveries',
  }).catch(() => {});
  const never = missing();
  for (const text of never) ledger.complain(text);
  const ackedAt = new Map(acked.map((sent) => [sent.serial, sent.ackedAt!]));
  let late = 0;
  for (const { conversation, id, serial, from_id } of stored) {
    const since = ackedAt.get(serial);
    if (since === undefined) continue;
    for (const user of conversation.members) {
      const at = ledger.receivedAt(user, conversation, id);
      if (user === from_id || at === undefined) continue;
      const begin = Math.max(since, faultEnd, ledger.onlineSince(user) ?? at);
      if (at <= begin + deliveryMs) continue;
      late++;
      ledger.complain(`late: ${id} of ${conversation.key} to user ${user}, ${Math.round(at - begin)} ms`);
    }
  }
  return never.length + late;
}
