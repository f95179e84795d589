import type { Actor } from '../actor.js';
import { requireText, type SaveOutcome } from '../administration/changes.js';
import { openAudit } from '../audit/record-event.js';
import type { Database, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';

interface MessageExport {
  id: number;
  /** either userId or groupId is set */
  userId: number | null;
  groupId: number | null;
  /** name of the user or group */
  name: string;
  reason: string;
  requestedBy: string;
  /** unix seconds */
  requestedAt: number;
  /** null: not approved yet */
  approvedBy: string | null;
  /** unix seconds */
  approvedAt: number | null;
  /** end of the time in which it can be written; unix seconds */
  expiresAt: number | null;
  writtenBy: string | null;
  /** unix seconds */
  writtenAt: number | null;
  messages: number | null;
  /** SHA-256, hex */
  manifestHash: string | null;
}

interface NewExport {
  reason: string;
  /** 0: none; either userId or groupId is given */
  userId: number;
  groupId: number;
}

/** `conflict`: neither the requester nor an account created or changed since the request can approve an export. */
type ExportOutcome = SaveOutcome;

/** Time after the approval in which an export can be written. */
const validFor = "interval '7 days'";

const columns = `
  e.id, e.user_id AS "userId", e.group_id AS "groupId", coalesce(u.name, g.name) AS name, e.reason,
  e.requested_by AS "requestedBy", extract(epoch FROM e.requested_at)::float8 AS "requestedAt",
  e.approved_by AS "approvedBy", extract(epoch FROM e.approved_at)::float8 AS "approvedAt",
  extract(epoch FROM e.approved_at + ${validFor})::float8 AS "expiresAt", e.written_by AS "writtenBy",
  extract(epoch FROM e.written_at)::float8 AS "writtenAt", e.messages::float8 AS messages,
  encode(e.manifest_hash, 'hex') AS "manifestHash"`;

const tables = `
  message_export e LEFT JOIN im_user u ON u.id = e.user_id LEFT JOIN chat_group g ON g.id = e.group_id`;

const list: Statement = {
  name: 'message_exports',
  text: `SELECT ${columns} FROM ${tables} ORDER BY e.id DESC LIMIT 1000`,
};

const find: Statement = {
  name: 'message_export',
  text: `SELECT ${columns} FROM ${tables} WHERE e.id = $1`,
};

const writable: Statement = {
  name: 'message_export_writable',
  text: `SELECT FROM message_export WHERE id = $1 AND approved_at > now() - ${validFor}`,
};

const exists: Statement = {
  name: 'message_export_subject',
  text: 'SELECT FROM im_user WHERE id = $1 UNION ALL SELECT FROM chat_group WHERE id = $2',
};

const same: Statement = {
  name: 'message_export_same',
  text: `
    SELECT id FROM message_export
    WHERE approved_by IS NULL AND reason = $1 AND coalesce(user_id, 0) = $2 AND coalesce(group_id, 0) = $3
      AND requested_by = $4`,
};

const create: Statement = {
  name: 'message_export_create',
  text: `
    INSERT INTO message_export (reason, user_id, group_id, requested_by)
    VALUES ($1, nullif($2::int4, 0), nullif($3::int4, 0), $4) RETURNING id`,
};

const lock: Statement = {
  name: 'message_export_lock',
  text: `
    SELECT user_id, group_id, requested_by, approved_by FROM message_export WHERE id = $1 FOR UPDATE`,
};

// Whoever can create console accounts or setup links could also be the second person.
const changedSince: Statement = {
  name: 'message_export_approver_changed',
  text: `
    SELECT e.id FROM message_export x JOIN audit_event e ON e.at >= x.requested_at
    JOIN console_account a ON 'console ' || a.name = $2 AND e.resource = 'account ' || a.id
    WHERE x.id = $1 AND x.approved_by IS NULL AND e.actor <> $2
      AND e.verb IN ('account.create', 'account.invite', 'account.change', 'account.second-factor-reset') LIMIT 1`,
};

const approve: Statement = {
  name: 'message_export_approve',
  text: 'UPDATE message_export SET approved_by = $2, approved_at = now() WHERE id = $1',
};

const write: Statement = {
  name: 'message_export_write',
  text: `
    UPDATE message_export SET written_by = $2, written_at = now(), messages = $3, manifest_hash = $4 WHERE id = $1`,
};

interface Locked {
  user_id: number | null;
  group_id: number | null;
  requested_by: string;
  approved_by: string | null;
}

/** Exports of messages: requested by one person, approved by another, and then written within a week. */
export class MessageExports {
  readonly #database: Pick<Database, 'query' | 'transaction'>;

  constructor(database: Pick<Database, 'query' | 'transaction'>) {
    this.#database = database;
  }

  /** Newest first. */
  all(): Promise<MessageExport[]> {
    return this.#database.query<MessageExport>(list, []);
  }

  /** An export that may be written now; undefined: it is unknown, not approved, or no longer valid. */
  async writable(id: number): Promise<MessageExport | undefined> {
    if (!isStorableId(id) || (await this.#database.query(writable, [id])).length === 0) return undefined;
    return (await this.#database.query<MessageExport>(find, [id]))[0];
  }

  /**
   * Requests an export. Repeating the call, by the same person with the same reason, returns the same export until it is approved.
   * @throws TeamTalkError `invalid-argument` when the reason is empty or too long
   */
  async request({ reason, userId, groupId }: NewExport, actor: Actor): Promise<ExportOutcome> {
    requireText('a reason', reason, 1, 200);
    const isPossible = userId === 0 ? isStorableId(groupId) : groupId === 0 && isStorableId(userId);
    if (!isPossible) return { result: 'not-found' };
    return this.#database.transaction('message_export_request', async (query) => {
      const record = await openAudit(query, actor);
      if ((await query(exists, [userId, groupId])).length === 0) return { result: 'not-found' };
      const [known] = await query<{ id: number }>(same, [reason, userId, groupId, actor.name]);
      if (known) return { result: 'saved', id: known.id };
      const [row] = await query<{ id: number }>(create, [reason, userId, groupId, actor.name]);
      const id = row?.id ?? 0;
      const resource = resourceOf(userId, groupId);
      await record({ verb: 'export.request', resource, after: { export: id, reason } });
      return { result: 'saved', id };
    });
  }

  /** `conflict` when the approver is the requester, or an account created, invited or changed since the request. */
  async approve(id: number, actor: Actor): Promise<ExportOutcome> {
    if (!isStorableId(id)) return { result: 'not-found' };
    // Queried before the transaction, since it may take a while.
    const isNew = (await this.#database.query(changedSince, [id, actor.name])).length > 0;
    return this.#database.transaction('message_export_approve', async (query) => {
      const record = await openAudit(query, actor);
      const [row] = await query<Locked>(lock, [id]);
      if (!row) return { result: 'not-found' };
      if (row.requested_by === actor.name || isNew) return { result: 'conflict' };
      if (row.approved_by !== null) return { result: 'saved', id };
      await query(approve, [id, actor.name]);
      const resource = resourceOf(row.user_id ?? 0, row.group_id ?? 0);
      await record({ verb: 'export.approve', resource, after: { export: id } });
      return { result: 'saved', id };
    });
  }

  /**
   * Records that an export was written.
   * @param manifestHash SHA-256 of the manifest
   */
  async written(id: number, messages: number, manifestHash: Buffer, actor: Actor): Promise<void> {
    await this.#database.transaction('message_export_written', async (query) => {
      const record = await openAudit(query, actor);
      const [row] = await query<Locked>(lock, [id]);
      if (!row) return;
      await query(write, [id, actor.name, messages, manifestHash]);
      await record({
        verb: 'export.write',
        resource: resourceOf(row.user_id ?? 0, row.group_id ?? 0),
        after: { export: id, messages, manifest: manifestHash.toString('hex') },
      });
    });
  }
}

function resourceOf(userId: number, groupId: number): string {
  return userId === 0 ? `group ${groupId}` : `user ${userId}`;
}
