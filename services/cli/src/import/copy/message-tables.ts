import type { LegacyDatabase } from '../legacy/mysql.js';
import type { LeftOutReason } from '../verification.js';

/** One of the 16 legacy tables of messages. */
export interface MessageTable {
  name: string;
  /** 0 to 7 of pairs, 8 to 15 of groups */
  number: number;
  isGroup: boolean;
}

export const messageTables: readonly MessageTable[] = [
  ...Array.from({ length: 8 }, (_, i) => ({ name: `IMMessage_${i}`, number: i, isGroup: false })),
  ...Array.from({ length: 8 }, (_, i) => ({ name: `IMGroupMessage_${i}`, number: i + 8, isGroup: true })),
];

/** How a row is treated: a text, a voice message, or left out for the reason at `kind - firstReason`. */
const text = 0;
const voice = 1;
const firstReason = 2;

const reasons = [
  'other-project',
  'message-deleted',
  'message-without-pair',
  'message-type',
  'message-null',
  'message-to-self',
  'group-gone',
  'id-too-large',
] as const satisfies readonly LeftOutReason[];

const kindOf = (reason: (typeof reasons)[number]) => firstReason + reasons.indexOf(reason);
const largest = 2_147_483_647;

/**
 * The columns of a page of messages: id, kind, and the line in the text format of COPY, of whose data a voice message has the
 * content of the old column.
 */
export type MessageRow = [id: number, kind: number, line: Buffer];

/** The staging columns of a line. */
export const lineColumns = 'conv, relate_id, legacy_id, from_id, msg_id, type, created, table_no, data';

/**
 * A page of a table in the order of its ids. The old database makes the lines, so that here bytes only pass through.
 *
 * @param except ids of rows that are not wanted
 */
export function pageQuery(
  table: MessageTable,
  of: Projects,
  limit: number,
  except: readonly number[] = [],
): string {
  const others = except.length === 0 ? '' : `AND id NOT IN (${except.join(', ')})`;
  return rowsQuery(table, of, `WHERE id > ? ${others} ORDER BY id LIMIT ${limit}`);
}

/** Query for rows of a table in the format of `pageQuery`. @param which SQL from WHERE on */
export function rowsQuery(table: MessageTable, of: Projects, which: string): string {
  const { name, number, isGroup } = table;
  const fields = isGroup
    ? `groupId, groupId, id, userId, msgId, type, created, ${number}`
    : `${pairNumber}, relateId, id, fromId, msgId, type, created, ${number}`;
  const data = `IF(type = ${isGroup ? 18 : 2}, CAST(content AS BINARY), CONCAT(${bytesBegin}, HEX(content)))`;
  return `SELECT id, ${kindOfRow(table, of)}, CAST(CONCAT(CONCAT_WS(CHAR(9), ${fields}, ${data}), CHAR(10)) AS BINARY) FROM ${name} ${which}`;
}

/**
 * Query for the number of visible messages of each conversation in a table, and the sum of their ids.
 *
 * @param which SQL from WHERE on
 */
export function countsQuery(table: MessageTable, of: Projects, which: string): string {
  const conv = table.isGroup ? 'groupId' : pairNumber;
  return `SELECT CAST(conv AS CHAR), COUNT(*), CAST(SUM(id) AS CHAR)
    FROM (SELECT ${conv} AS conv, id, ${kindOfRow(table, of)} AS kind FROM ${table.name} ${which}) AS r WHERE kind < ${firstReason} GROUP BY conv`;
}

const pairNumber = 'LEAST(fromId, toId) * 4294967296 + GREATEST(fromId, toId)';

/** Which of several tenants is imported. */
type Projects = Pick<LegacyDatabase, 'project' | 'isOther'>;

function kindOfRow({ isGroup }: MessageTable, of: Projects): string {
  const [table, which] = isGroup ? ['IMGroup', 'o.id = groupId'] : ['IMUser', 'o.id IN (fromId, toId)'];
  const otherProject =
    of.project === undefined
      ? ''
      : `WHEN EXISTS (SELECT 1 FROM ${table} o WHERE ${which} AND ${of.isOther(table)}) THEN ${kindOf('other-project')}`;
  return isGroup
    ? `CASE ${otherProject} WHEN status <> 0 THEN ${kindOf('message-deleted')}
        WHEN type NOT IN (17, 18) THEN ${kindOf('message-type')}
        WHEN content IS NULL THEN ${kindOf('message-null')}
        WHEN userId > ${largest} THEN ${kindOf('id-too-large')}
        WHEN NOT EXISTS (SELECT 1 FROM IMGroup g WHERE g.id = groupId AND g.id BETWEEN 1 AND ${largest})
          THEN ${kindOf('group-gone')}
        WHEN type = 18 THEN ${voice} ELSE ${text} END`
    : `CASE ${otherProject} WHEN status <> 0 THEN ${kindOf('message-deleted')}
        WHEN fromId = 0 OR toId = 0 THEN ${kindOf('message-without-pair')}
        WHEN type NOT IN (1, 2) THEN ${kindOf('message-type')}
        WHEN content IS NULL THEN ${kindOf('message-null')}
        WHEN fromId = toId THEN ${kindOf('message-to-self')}
        WHEN fromId > ${largest} OR toId > ${largest} THEN ${kindOf('id-too-large')}
        WHEN type = 2 THEN ${voice} ELSE ${text} END`;
}

export interface Page {
  /** of texts, in the text format of COPY */
  lines: Buffer[];
  /** voice messages, whose content names a recording */
  voices: { fields: string; audioId: string }[];
  leftOut: Partial<Record<LeftOutReason, number>>;
}

/** Sorts a page's rows into texts, voice messages, and what is left out. */
export function sortRows(rows: readonly MessageRow[]): Page {
  const page: Page = { lines: [], voices: [], leftOut: {} };
  for (const [, kind, line] of rows) {
    if (kind === text) {
      page.lines.push(line);
    } else if (kind === voice) {
      const [, fields, audioId] = voiceLine.exec(line.toString('latin1'))!;
      page.voices.push({ fields: fields!, audioId: audioId! });
    } else {
      const reason = reasons[kind - firstReason]!;
      page.leftOut[reason] = (page.leftOut[reason] ?? 0) + 1;
    }
  }
  return page;
}

const voiceLine = /^((?:\d+\t){7}\d+)\t(.*)\n$/s;

export function messageLine(fields: string, data: string): string {
  return `${fields}\t${data}\n`;
}

/** Bytes as COPY reads a bytea: hex after `\x`, the backslash doubled. */
export function hex(bytes: Buffer): string {
  return `\\\\x${bytes.toString('hex')}`;
}

/** In SQL: what `hex` begins with, whatever the old server makes of backslashes. */
const bytesBegin = '0x5C5C78';
