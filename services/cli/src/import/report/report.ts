import type { Inspection } from '../inspect/findings.js';
import type { TargetDatabase } from '../target/database.js';
import { type LeftOutReason, leftOutReasons, type Verification } from '../verification.js';

/** What an import did, as a person signs it and a program reads it. */
export interface ImportReport {
  /** the legacy database */
  source: string;
  beganAt: string;
  finishedAt: string | null;
  /** what is in the new installation */
  imported: Record<
    | 'users'
    | 'departments'
    | 'groups'
    | 'members'
    | 'conversations'
    | 'messages'
    | 'deviceTokens'
    | 'images'
    | 'offlineFiles',
    number
  >;
  leftOut: { name: string; reason: LeftOutReason; what: string; count: number }[];
  /** what is there in another form, with the first ones */
  changed: {
    renumberedMessages: number;
    renumberedConversations: { count: number; samples: { conversation: string; from: string }[] };
    renamedUsers: { count: number; samples: { id: number; oldName: string; newName: string }[] };
    placeholderUsers: { count: number; samples: number[] };
    missingRecordings: { count: number; reasons: Record<string, number> };
    adminAccounts: string[];
  };
  inspection: Inspection | null;
  verification: Verification | null;
  totals: ImportTotals;
}

interface ImportTotals {
  users: number;
  groups: number;
  conversations: number;
  messages: number;
  images: number;
  offlineFiles: number;
  leftOut: number;
  renumberedConversations: number;
  /** null: not verified */
  unexplained: number | null;
}

const mostSamples = 50;

/** Reads what the importer recorded in the database. */
export async function makeReport(
  database: TargetDatabase,
  {
    inspection = null,
    verification = null,
  }: { inspection?: Inspection | null; verification?: Verification | null },
): Promise<ImportReport> {
  const one = async <Row extends object>(sql: string): Promise<Row> => (await database.rows<Row>(sql))[0]!;
  const source = await one<{ name: string; began: string; finished: string | null }>(`
    SELECT name, to_json(began_at)#>>'{}' AS began,
      (SELECT to_json(done_at)#>>'{}' FROM legacy_import.step WHERE name = 'finish') AS finished
    FROM legacy_import.source`);
  const imported = await one<ImportReport['imported']>(`
    SELECT (SELECT count(*)::int FROM im_user) AS users, (SELECT count(*)::int FROM department) AS departments,
      (SELECT count(*)::int FROM chat_group) AS groups, (SELECT count(*)::int FROM group_member) AS members,
      (SELECT count(*)::int FROM conversation) AS conversations,
      (SELECT coalesce(sum(last_id), 0)::float8 FROM conversation) AS messages,
      (SELECT count(*)::int FROM device_token) AS "deviceTokens",
      (SELECT count(*)::int FROM legacy_import.stored_file) AS images,
      (SELECT count(*)::int FROM file_task WHERE offline) AS "offlineFiles"`);
  const left = await database.rows<{ name: string; reason: LeftOutReason; count: number }>(
    'SELECT name, reason, count::float8 AS count FROM legacy_import.left_out ORDER BY name, reason',
  );
  const changed = await readChanges(database);
  return {
    source: source.name,
    beganAt: source.began,
    finishedAt: source.finished,
    imported,
    leftOut: left.map((each) => ({ ...each, what: leftOutReasons[each.reason] })),
    changed,
    inspection,
    verification,
    totals: {
      users: imported.users,
      groups: imported.groups,
      conversations: imported.conversations,
      messages: imported.messages,
      images: imported.images,
      offlineFiles: imported.offlineFiles,
      leftOut: left.reduce((sum, { count }) => sum + count, 0),
      renumberedConversations: changed.renumberedConversations.count,
      unexplained: verification?.unexplained ?? null,
    },
  };
}

async function readChanges(database: TargetDatabase): Promise<ImportReport['changed']> {
  const [counts] = await database.rows<{
    messages: number;
    conversations: number;
    users: number;
    gone: number;
  }>(`
    SELECT (SELECT count(*)::float8 FROM legacy_import.message_map) AS messages,
      (SELECT count(DISTINCT conv)::int FROM legacy_import.message_map) AS conversations,
      (SELECT count(*)::int FROM legacy_import.renamed_user) AS users,
      (SELECT count(*)::int FROM legacy_import.placeholder_user) AS gone`);
  const conversations = await database.rows<{ conv: string; from: string }>(`
    SELECT c.conv, to_json(m.created_at)#>>'{}' AS from
    FROM (SELECT conv, min(new_id) AS id FROM legacy_import.message_map GROUP BY conv ORDER BY conv LIMIT ${mostSamples}) c
    JOIN message m ON m.conv = c.conv AND m.id = c.id ORDER BY c.conv`);
  const users = await database.rows<{ id: number; oldName: string; newName: string }>(`
    SELECT id, old_name AS "oldName", new_name AS "newName" FROM legacy_import.renamed_user ORDER BY id
    LIMIT ${mostSamples}`);
  const gone = await database.rows<{ id: number }>(
    `SELECT id FROM legacy_import.placeholder_user ORDER BY id LIMIT ${mostSamples}`,
  );
  const recordings = await database.rows<{ reason: string; count: number }>(
    'SELECT reason, count(*)::int AS count FROM legacy_import.missing_recording GROUP BY reason ORDER BY reason',
  );
  const admins = await database.rows<{ name: string }>(
    'SELECT name FROM legacy_import.admin_account ORDER BY id',
  );
  return {
    renumberedMessages: counts!.messages,
    renumberedConversations: {
      count: counts!.conversations,
      samples: conversations.map(({ conv, from }) => ({ conversation: conversationName(conv), from })),
    },
    renamedUsers: { count: counts!.users, samples: users },
    placeholderUsers: { count: counts!.gone, samples: gone.map(({ id }) => id) },
    missingRecordings: {
      count: recordings.reduce((sum, { count }) => sum + count, 0),
      reasons: Object.fromEntries(recordings.map(({ reason, count }) => [reason, count])),
    },
    adminAccounts: admins.map(({ name }) => name),
  };
}

function conversationName(conv: string): string {
  const number = BigInt(conv);
  const low = number >> 32n;
  return low === 0n ? `group ${number}` : `users ${low} and ${number & 0xffff_ffffn}`;
}
