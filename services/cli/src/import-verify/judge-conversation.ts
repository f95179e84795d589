import type { NewConversation } from './buckets.js';
import { judgeMembers } from './judge-members.js';
import { oldTables } from './read-messages.js';
import { firstPair, isOther, nameOf, type Sides } from './sides.js';
import type { Tally } from './tally.js';

/** Compares a conversation: its messages, their numbers, and what each of its users is shown. */
export function judgeConversation(sides: Sides, tally: Tally): void {
  const conversation = sides.facts.find((fact): fact is NewConversation => fact.of === 'conversation');
  if (sides.old.length > 0 || sides.new.length > 0) {
    judgeMessages(sides, tally);
    judgeNumbers(sides, conversation, tally);
    if (sides.hasMap) judgeMap(sides, tally);
  } else if (conversation && (conversation.lastId !== 0 || sides.conv >= firstPair)) {
    tally.compare(
      'conversations without messages',
      false,
      () => `${nameOf(sides.conv)} is there, with no messages`,
    );
  }
  if (sides.conv >= firstPair) judgePair(sides, conversation, tally);
  else judgeMembers(sides, tally);
}

function judgeMessages({ conv, old, new: ours }: Sides, tally: Tally): void {
  const isEqual = (index: number) => {
    const [one, other] = [old[index], ours[index]];
    return one !== undefined && other !== undefined && one.digest === other.digest;
  };
  const first = old.findIndex((_, index) => !isEqual(index));
  const isSame = first < 0 && old.length === ours.length;
  tally.compare('count and hash of each conversation', isSame, () => {
    const at = first < 0 ? old.length : first;
    const row = old[at];
    const where = row ? ` (${oldTables[row.table]} id ${row.id})` : '';
    return `${nameOf(conv)}: ${old.length} messages there, ${ours.length} here; the first difference is message ${at + 1}${where}`;
  });
  if (isSame) {
    for (const { table } of old) tally.imported(oldTables[table]!);
    return;
  }
  // Which rows came all the same, wherever they are in the conversation?
  const left = new Map<string, number>();
  for (const { digest } of ours) {
    left.set(digest, (left.get(digest) ?? 0) + 1);
  }
  for (const { table, id, digest } of old) {
    const count = left.get(digest) ?? 0;
    if (count > 0) tally.imported(oldTables[table]!);
    else tally.unexplained(oldTables[table]!, `id ${id}, of ${nameOf(conv)}, is not here as it was`);
    left.set(digest, count - 1);
  }
  const extra = [...left.values()].reduce((sum, count) => sum + Math.max(0, count), 0);
  tally.compare(
    'messages that the old store does not have',
    extra === 0,
    () => `${extra} of ${nameOf(conv)}`,
  );
}

/** The numbers count from 1 without gaps, and everything that is derived from the messages agrees with them. */
function judgeNumbers({ conv, new: ours }: Sides, row: NewConversation | undefined, tally: Tally): void {
  const isPair = conv >= firstPair;
  const low = Number(conv >> 32n);
  let ofLow = 0;
  const wrong = ours.find(({ id, fromId, senderSeq }, index) => {
    if (isPair && fromId === low) ofLow++;
    const sequence = !isPair ? 0 : fromId === low ? ofLow : index + 1 - ofLow;
    return id !== index + 1 || senderSeq !== sequence;
  });
  tally.compare('numbers of each conversation’s messages', wrong === undefined, () => {
    return `${nameOf(conv)}: message ${wrong!.id} of user ${wrong!.fromId} is their number ${wrong!.senderSeq}`;
  });
  const lowSent = isPair ? ours.filter(({ fromId }) => fromId === low).length : 0;
  const isRight =
    row !== undefined &&
    row.lastId === ours.length &&
    row.lowSent === lowSent &&
    row.lastAt === ours.at(-1)?.created;
  tally.compare('last message of each conversation', isRight, () =>
    row
      ? `${nameOf(conv)}: last_id ${row.lastId}, low_sent ${row.lowSent}, last_at ${row.lastAt}, of ${ours.length} messages`
      : `${nameOf(conv)} has ${ours.length} messages and no row`,
  );
}

/** The importer's list of changed numbers is exactly the list of those that changed. */
function judgeMap({ conv, old, map }: Sides, tally: Tally): void {
  const said = new Set(
    map.map(({ table, legacyId, oldId, newId }) => `${table}/${legacyId}: ${oldId} is ${newId}`),
  );
  const changed = old.flatMap(({ table, id, msgId }, index) =>
    msgId === index + 1 ? [] : [`${table}/${id}: ${msgId} is ${index + 1}`],
  );
  const missing = changed.find((each) => !said.has(each));
  tally.compare('changed numbers of each conversation', !missing && said.size === changed.length, () => {
    return `${nameOf(conv)}: ${changed.length} changed, ${said.size} are listed; the first that is missing: ${missing}`;
  });
}

function judgePair(sides: Sides, row: NewConversation | undefined, tally: Tally): void {
  const { conv, old, new: ours, facts } = sides;
  const isOfOther = isOther(conv, sides);
  for (const { of } of facts) {
    if (of !== 'relation') continue;
    if (isOfOther) tally.leftOut('IMRelationShip', 'other-project');
    else if (old.length === 0) tally.leftOut('IMRelationShip', 'relation-without-messages');
    else if (ours.length > 0) tally.imported('IMRelationShip');
    else tally.unexplained('IMRelationShip', `${nameOf(conv)} have no messages here`);
  }
  const users = [Number(conv >> 32n), Number(conv & 0xffff_ffffn)];
  for (const [side, user] of users.entries()) {
    const peer = users[1 - side]!;
    const received = old.filter(({ fromId }) => fromId === peer);
    const counts = facts.flatMap((fact) => (fact.of === 'unread' && fact.user === user ? [fact.count] : []));
    for (const _ of counts) {
      if (isOfOther) tally.leftOut('redis unread_*', 'other-project');
      else if (received.length === 0) tally.leftOut('redis unread_*', 'unread-without-peer');
      else tally.imported('redis unread_*');
    }
    if (old.length === 0 || !row) continue;
    const unread = Math.min(Math.max(0, ...counts), received.length);
    const listed =
      unread > 0 || facts.some((fact) => fact.of === 'session' && fact.user === user && fact.listed);
    const first = unread > 0 ? old.indexOf(received[received.length - unread]!) : old.length;
    const here = ours.filter(({ fromId }) => fromId === peer).length - row.seen[side]!;
    const subject = `user ${user}, of ${nameOf(conv)}`;
    tally.compare(
      'unread count of each session',
      here === unread,
      () => `${subject}: ${unread} there, ${here} here`,
    );
    tally.compare('first unread message of each session', row.read[side] === first, () => {
      return `${subject}: read up to ${first}, here ${row.read[side]}`;
    });
    tally.compare('sessions that each user is shown', row.removed[side]! < row.lastId === listed, () => {
      return `${subject}: ${listed ? 'is' : 'is not'} shown there`;
    });
  }
}
