import { inLanes } from '../../in-lanes.js';
import { type MessageTable, messageTables } from '../copy/message-tables.js';
import { type LegacyDatabase, wholeTableMs } from '../legacy/mysql.js';
import { lanesFor } from '../target/partitions.js';
import { type Finding, mostSamples } from './findings.js';

interface MessageDirt {
  name: string;
  what: string;
  becomes: string;
  /** in SQL, of a row; undefined where tables of this kind cannot have it */
  where(table: MessageTable): string | undefined;
}

/** Dirt of single messages: one pass over each table counts all of it. */
const messageDirt: readonly MessageDirt[] = [
  {
    name: 'message-deleted',
    what: 'messages that somebody deleted by hand (status 1)',
    becomes: 'left out, as the old server does not show them',
    where: () => 'status <> 0',
  },
  {
    name: 'message-type',
    what: 'messages of a type that was never shown',
    becomes: 'left out',
    where: ({ isGroup }) => `type NOT IN (${isGroup ? '17, 18' : '1, 2'})`,
  },
  {
    name: 'message-null',
    what: 'messages whose content is NULL, on which the old server fails',
    becomes: 'left out',
    where: () => 'content IS NULL',
  },
  {
    name: 'message-id-lost-counter',
    what: 'messages with the number 4294967295, stored while Redis was away',
    becomes: 'a number of their own',
    where: () => 'msgId = 4294967295',
  },
  {
    name: 'message-cut',
    what: 'texts that were cut off at 4,096 characters, which no client can read',
    becomes: 'they stay as they are',
    where: () => 'LENGTH(content) = 4096',
  },
  {
    name: 'message-not-encrypted',
    what: 'texts that are not encrypted, of somebody’s own tools',
    becomes: 'they stay as they are',
    where: ({ isGroup }) => `type = ${isGroup ? 17 : 1} AND (LENGTH(content) % 4 <> 0 OR content LIKE '% %')`,
  },
  {
    name: 'message-future',
    what: 'messages from a clock that was wrong: in the future, or with the time 0',
    becomes: 'the order stays; a future one stays on top of lists',
    where: () => 'created = 0 OR created > UNIX_TIMESTAMP() + 86400',
  },
  {
    name: 'message-to-self',
    what: 'messages of a user to themselves, or from or to user 0',
    becomes: 'left out',
    where: ({ isGroup }) => (isGroup ? undefined : 'fromId = toId OR fromId = 0 OR toId = 0'),
  },
  {
    name: 'message-sender-gone',
    what: 'messages from or to users who have no row',
    becomes: 'a user with status 3 called gone#id takes their place, so that the others keep the history',
    where: ({ isGroup }) =>
      isGroup
        ? 'NOT EXISTS (SELECT 1 FROM IMUser u WHERE u.id = userId)'
        : 'NOT EXISTS (SELECT 1 FROM IMUser u WHERE u.id = fromId) OR NOT EXISTS (SELECT 1 FROM IMUser u WHERE u.id = toId)',
  },
  {
    name: 'message-group-gone',
    what: 'messages of groups that have no row',
    becomes: 'left out',
    where: ({ isGroup }) =>
      isGroup ? 'NOT EXISTS (SELECT 1 FROM IMGroup g WHERE g.id = groupId)' : undefined,
  },
  {
    name: 'message-relation-missing',
    what: 'messages without a relation, or of other users than its two; the old server did not show them',
    becomes: 'they come into the conversation of their sender and receiver',
    where: ({ isGroup }) =>
      isGroup
        ? undefined
        : `NOT EXISTS (SELECT 1 FROM IMRelationShip r WHERE r.id = relateId
            AND r.smallId = LEAST(fromId, toId) AND r.bigId = GREATEST(fromId, toId))`,
  },
  {
    name: 'recording-missing',
    what: 'voice messages whose recording has no row in IMAudio',
    becomes: 'they keep their place, without sound',
    where: ({ isGroup }) =>
      `type = ${isGroup ? 18 : 2} AND NOT EXISTS (SELECT 1 FROM IMAudio a WHERE a.id = content)`,
  },
];

/** Conversations whose numbers cannot all stay. */
const numbering = [
  {
    name: 'numbers-twice',
    what: 'conversations in which a number comes twice, since the counter in Redis was lost',
    becomes: 'numbered anew from the first conflict on; see legacy_import.message_map',
    having: 'distinct_ids < shown',
  },
  {
    name: 'numbers-gaps',
    what: 'conversations with gaps in their numbers, of messages that were not stored',
    becomes: 'numbered anew from the first gap on: the new servers count them without gaps',
    having: 'highest > distinct_ids AND highest < 4294967295',
  },
] as const;

/** Looks through all messages once, and at the numbers of each conversation. */
export async function inspectMessages(
  legacy: LegacyDatabase,
  onTable: (name: string) => void,
): Promise<{ rows: Record<string, number>; findings: Finding[] }> {
  const tables = messageTables.filter(({ name }) => legacy.hasTable(name));
  const inspected = new Map<string, InspectedTable>();
  await inLanes(lanesFor(legacy.pace), tables, async (table) => {
    onTable(table.name);
    inspected.set(table.name, await inspectTable(legacy, table));
  });
  const rows: Record<string, number> = {};
  const findings = new Map<string, Finding>();
  for (const { name: table } of tables) {
    const { count, found } = inspected.get(table)!;
    rows[table] = count;
    for (const each of found) {
      const finding = findings.get(each.name);
      if (finding === undefined) {
        findings.set(each.name, each);
        continue;
      }
      finding.count += each.count;
      finding.samples = [...finding.samples, ...each.samples].slice(0, mostSamples);
    }
  }
  return { rows, findings: [...findings.values()] };
}

interface InspectedTable {
  count: number;
  found: Finding[];
}

async function inspectTable(legacy: LegacyDatabase, table: MessageTable): Promise<InspectedTable> {
  const kinds = messageDirt.flatMap(({ where: whereOf, ...kind }) => {
    const where = whereOf(table);
    return where === undefined || (where.includes('IMAudio') && !legacy.hasTable('IMAudio'))
      ? []
      : [{ kind, where }];
  });
  const [counts] = await legacy.rows<(string | number | null)[]>(
    `SELECT COUNT(*), ${kinds.map(({ where }) => `SUM(${where})`).join(', ')} FROM ${table.name}`,
    [],
    wholeTableMs,
  );
  const found: Finding[] = [];
  for (const [i, { kind, where }] of kinds.entries()) {
    const count = Number(counts![i + 1] ?? 0);
    if (count > 0) found.push({ ...kind, count, samples: await samplesOf(legacy, table.name, where) });
  }
  return { count: Number(counts![0]), found: [...found, ...(await inspectNumbers(legacy, table))] };
}

async function samplesOf(legacy: LegacyDatabase, table: string, where: string): Promise<string[]> {
  const rows = await legacy.rows<[string]>(
    `SELECT CONCAT('${table} ', id) FROM ${table} WHERE ${where} LIMIT ${mostSamples}`,
    [],
    wholeTableMs,
  );
  return rows.map(([text]) => text);
}

async function inspectNumbers(legacy: LegacyDatabase, { name, isGroup }: MessageTable): Promise<Finding[]> {
  const owner = isGroup ? 'groupId' : 'relateId';
  const columns = numbering.map(
    ({ having }) =>
      `SUM(${having}), SUBSTRING_INDEX(GROUP_CONCAT(CASE WHEN ${having} THEN owner END ORDER BY owner), ',', ${mostSamples})`,
  );
  const [row] = await legacy.rows<(string | number | null)[]>(
    `SELECT ${columns.join(', ')} FROM (
      SELECT ${owner} AS owner, COUNT(*) AS shown, COUNT(DISTINCT msgId) AS distinct_ids, MAX(msgId) AS highest
      FROM ${name} WHERE status = 0 GROUP BY ${owner}
    ) AS c`,
    [],
    wholeTableMs,
  );
  return numbering.flatMap(({ having: _, ...kind }, at) => {
    const count = Number(row![2 * at] ?? 0);
    const owners = String(row![2 * at + 1] ?? '').split(',');
    const samples = owners.map((id) => `${isGroup ? 'group' : 'relation'} ${id}`);
    return count > 0 ? [{ ...kind, count, samples }] : [];
  });
}
