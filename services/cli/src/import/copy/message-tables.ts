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

/** The columns of a page of messages: id, kind, the fields before the data in the text format of COPY, the content. */
export type MessageRow = [id: number, kind: number, fields: Buffer, content: Buffer | null];

/** The staging columns of a line. */
export const lineColumns = 'conv, relate_id, legacy_id, from_id, msg_id, type, created, table_no, data';

/**
 * A page of a table in the order of its ids, without the data: that is added in `sortRows`.
 *
 * @param except ids of rows that are not wanted
 */
export function pageQuery(
  { name, number, isGroup }: MessageTable,
  limit: number,
  except: readonly number[] = [],
): string {
  const kind = isGroup
    ? `CASE WHEN status <> 0 THEN ${kindOf('message-deleted')}
        WHEN type NOT IN (17, 18) THEN ${kindOf('message-type')}
        WHEN content IS NULL THEN ${kindOf('message-null')}
        WHEN userId > ${largest} THEN ${kindOf('id-too-large')}
        WHEN type = 18 THEN ${voice} ELSE ${text} END`
    : `CASE WHEN status <> 0 THEN ${kindOf('message-deleted')}
        WHEN fromId = 0 OR toId = 0 THEN ${kindOf('message-without-pair')}
        WHEN type NOT IN (1, 2) THEN ${kindOf('message-type')}
        WHEN content IS NULL THEN ${kindOf('message-null')}
        WHEN fromId = toId THEN ${kindOf('message-to-self')}
        WHEN fromId > ${largest} OR toId > ${largest} THEN ${kindOf('id-too-large')}
        WHEN type = 2 THEN ${voice} ELSE ${text} END`;
  const fields = isGroup
    ? `groupId, groupId, id, userId, msgId, type, created, ${number}`
    : `LEAST(fromId, toId) * 4294967296 + GREATEST(fromId, toId), relateId, id, fromId, msgId, type, created, ${number}`;
  const others = except.length === 0 ? '' : `AND id NOT IN (${except.join(', ')})`;
  return `SELECT id, ${kind}, CAST(CONCAT_WS(CHAR(9), ${fields}) AS BINARY), CAST(content AS BINARY)
    FROM ${name} WHERE id > ? ${others} ORDER BY id LIMIT ${limit}`;
}

export interface Page {
  /** texts as lines in the text format of COPY, in one-byte characters */
  lines: string[];
  /** voice messages, whose content names a recording */
  voices: { fields: string; audioId: string }[];
  leftOut: Partial<Record<LeftOutReason, number>>;
}

const base64 = /^[A-Za-z0-9+/=]*$/;

/** Sorts a page's rows into texts, voice messages, and what is left out. */
export async function sortRows(
  table: MessageTable,
  rows: readonly MessageRow[],
  legacy: LegacyDatabase,
): Promise<Page> {
  const groups = table.isGroup ? await groupsOf(rows, legacy) : undefined;
  const page: Page = { lines: [], voices: [], leftOut: {} };
  const leaveOut = (reason: LeftOutReason) => {
    page.leftOut[reason] = (page.leftOut[reason] ?? 0) + 1;
  };
  for (const [, kind, fieldBytes, bytes] of rows) {
    if (kind >= firstReason) {
      leaveOut(reasons[kind - firstReason]!);
      continue;
    }
    const fields = fieldBytes.toString('latin1');
    if (groups && !groups.has(Number.parseInt(fields, 10))) {
      leaveOut('group-gone');
      continue;
    }
    const content = bytes!.toString('latin1');
    if (kind === voice) {
      page.voices.push({ fields, audioId: content });
    } else {
      page.lines.push(messageLine(fields, base64.test(content) ? content : hex(bytes!)));
    }
  }
  return page;
}

/** The groups of these messages that have a row in IMGroup now: one can be new since the groups were read. */
async function groupsOf(rows: readonly MessageRow[], legacy: LegacyDatabase): Promise<ReadonlySet<number>> {
  const named = new Set(rows.map(([, , fields]) => Number.parseInt(fields.toString('latin1'), 10)));
  const ids = [...named].filter((id) => id > 0 && id <= largest);
  if (ids.length === 0) return new Set();
  const found = await legacy.rows<[number]>(`SELECT id FROM IMGroup WHERE id IN (${ids.join(', ')})`);
  return new Set(found.map(([id]) => id));
}

export function messageLine(fields: string, data: string): string {
  return `${fields}\t${data}\n`;
}

/** Bytes as COPY reads a bytea: hex after `\x`, the backslash doubled. */
export function hex(bytes: Buffer): string {
  return `\\\\x${bytes.toString('hex')}`;
}
