import { type MessageTable, messageTables } from '../copy/message-tables.js';
import type { LegacyDatabase } from '../legacy/mysql.js';
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
  const rows: Record<string, number> = {};
  const findings = new Map<string, Finding>();
  const found = (of: { name: string; what: string; becomes: string }, count: number, samples: string[]) => {
    if (count === 0) return;
    const { name, what, becomes } = of;
    const finding = findings.get(name) ?? { name, what, becomes, count: 0, samples: [] };
    finding.count += count;
    finding.samples = [...finding.samples, ...samples].slice(0, mostSamples);
    findings.set(name, finding);
  };
  for (const table of messageTables) {
    if (!legacy.hasTable(table.name)) continue;
    onTable(table.name);
    const kinds = messageDirt.flatMap((kind) => {
      const where = kind.where(table);
      return where === undefined || (where.includes('IMAudio') && !legacy.hasTable('IMAudio'))
        ? []
        : [{ kind, where }];
    });
    const [counts] = await legacy.rows<(string | number | null)[]>(
      `SELECT COUNT(*), ${kinds.map(({ where }) => `SUM(${where})`).join(', ')} FROM ${table.name}`,
    );
    rows[table.name] = Number(counts![0]);
    for (const [i, { kind, where }] of kinds.entries()) {
      const count = Number(counts![i + 1] ?? 0);
      if (count > 0) found(kind, count, await samplesOf(legacy, table.name, where));
    }
    for (const kind of numbering) {
      const [count, samples] = await numbersOf(legacy, table, kind.having);
      found(kind, count, samples);
    }
  }
  return { rows, findings: [...findings.values()] };
}

async function samplesOf(legacy: LegacyDatabase, table: string, where: string): Promise<string[]> {
  const rows = await legacy.rows<[string]>(
    `SELECT CONCAT('${table} ', id) FROM ${table} WHERE ${where} LIMIT ${mostSamples}`,
  );
  return rows.map(([text]) => text);
}

async function numbersOf(
  legacy: LegacyDatabase,
  { name, isGroup }: MessageTable,
  having: string,
): Promise<[number, string[]]> {
  const owner = isGroup ? 'groupId' : 'relateId';
  const conversations = `FROM (
      SELECT ${owner} AS owner, COUNT(*) AS shown, COUNT(DISTINCT msgId) AS distinct_ids, MAX(msgId) AS highest
      FROM ${name} WHERE status = 0 GROUP BY ${owner}
    ) AS c WHERE ${having}`;
  const [count] = await legacy.rows<[number]>(`SELECT COUNT(*) ${conversations}`);
  if (!count?.[0]) return [0, []];
  const rows = await legacy.rows<[number]>(`SELECT owner ${conversations} LIMIT ${mostSamples}`);
  const kind = isGroup ? 'group' : 'relation';
  return [Number(count[0]), rows.map(([id]) => `${kind} ${id}`)];
}
