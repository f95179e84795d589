import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { generate } from './legacy/generate.js';
import type { LegacyOptions } from './legacy/options.js';
import type { LegacySink, ShownMessage } from './legacy/sink.js';
import type { TrueSide, Truth } from './legacy/truth.js';

/**
 * Brings an empty installation to what a generated store has to become, straight from the generator's model: what checks
 * of an import are tried on without an importer. For small stores.
 * @param storage the folder of STORAGE_DIR
 */
export async function importIdeally(
  options: LegacyOptions,
  databaseUrl: string,
  storage: string,
): Promise<Truth> {
  const messages = new Map<bigint, readonly ShownMessage[]>();
  const images = new Map<string, Buffer>();
  const uploads = new Map<string, Buffer>();
  const offlineRows: Record<string, unknown>[] = [];
  const sink: LegacySink = {
    row: (table, values) => table === 'IMTransmitFile' && offlineRows.push(values),
    redis: () => {},
    image: (relative, content) => images.set(`g0/${relative}`, content),
    offlineFile: (relative, content) => uploads.set(path.basename(relative), content),
    shown: (conv, own) => messages.set(conv, own),
  };
  const truth = generate(options, sink);
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const writer = new Writer(client);
    await writer.prepare();
    await writer.people(truth);
    await writer.conversations(truth, messages);
    await writer.members(truth);
    await writer.lists(truth);
    await writer.offlineFiles(truth);
    await writer.moveIdentities();
  } finally {
    await client.end();
  }
  const put = (key: string, content: Buffer) => {
    mkdirSync(path.dirname(path.join(storage, key)), { recursive: true });
    writeFileSync(path.join(storage, key), content);
  };
  for (const key of truth.images.keys()) put(key, images.get(key)!);
  for (const [task, { size }] of truth.offlineFiles) {
    if (size > 0) put(blobKey(task), uploads.get(task)!.subarray(-size));
  }
  return truth;
}

function blobKey(task: string): string {
  return `offline-files/${task}/0000000000-0123456789abcdef`;
}

type Row = Record<string, unknown>;

class Writer {
  readonly #client: pg.Client;

  constructor(client: pg.Client) {
    this.#client = client;
  }

  /** The columns that imported accounts have, where the schema is from before them. */
  async prepare(): Promise<void> {
    await this.#client.query(`
      ALTER TABLE im_user ADD COLUMN IF NOT EXISTS domain text;
      ALTER TABLE im_user DROP CONSTRAINT im_user_status_check;
      CREATE SCHEMA legacy_import;
      CREATE TABLE legacy_import.message_map (conv int8, old_id int8, new_id int4, table_no int2, legacy_id int8)`);
  }

  async people({ users, goneUsers, departments, groups }: Truth): Promise<void> {
    await this.#insert(
      'im_user',
      [...users].map(([id, user]) => ({
        id,
        name: user.name ?? `${user.realName.replace(/ +$/, '')}#${id}`,
        password_hash: user.storedHash,
        legacy_salt: user.salt,
        gender: user.sex,
        nick_name: user.nick,
        real_name: user.realName,
        avatar_url: user.avatars[0],
        department_id: user.departmentId,
        email: user.email,
        tel: user.phone,
        sign_info: user.signInfo,
        status: user.status,
        push_shield: user.pushShield,
        created_at: new Date(user.created * 1_000),
        domain: user.domain,
      })),
    );
    await this.#insert(
      'im_user',
      [...goneUsers].map((id) => ({ id, name: `gone#${id}`, password_hash: '', status: 3 })),
    );
    await this.#insert(
      'department',
      [...departments].map(([id, { name, parentId, priority, status }]) => {
        return { id, name: name ?? `#${id}`, parent_id: parentId, priority, status };
      }),
    );
    await this.#insert(
      'chat_group',
      [...groups].map(([id, { name, avatar, creatorId, type, status, version, created }]) => {
        const created_at = new Date(created * 1_000);
        return { id, name, avatar, creator_id: creatorId, type, status, version, created_at };
      }),
    );
  }

  async conversations(truth: Truth, messages: ReadonlyMap<bigint, readonly ShownMessage[]>): Promise<void> {
    const side = (name: string, { read, seen, removed }: TrueSide, count: number) => ({
      [`${name}_read`]: read,
      [`${name}_seen`]: seen,
      [`${name}_removed`]: removed ? count : 0,
    });
    await this.#insert(
      'conversation',
      [...truth.conversations].map(([conv, { count, lastAt, lowSent, low, high }]) => ({
        conv: String(conv),
        last_id: count,
        last_at: new Date(lastAt * 1_000),
        low_sent: lowSent,
        ...side('low', low, count),
        ...side('high', high, count),
      })),
    );
    for (const [conv, own] of messages) {
      const sent = new Map<number, number>();
      const rows = own.map(({ fromId, type, created, data, id }, index) => {
        sent.set(fromId, (sent.get(fromId) ?? 0) + 1);
        return {
          conv: String(conv),
          id: index + 1,
          from_id: fromId,
          sender_seq: conv < 2n ** 32n ? 0 : sent.get(fromId),
          token: id,
          created_at: new Date(created * 1_000),
          type,
          data: `\\x${data.toString('hex')}`,
        };
      });
      await this.#insert('message', rows);
      const changed = own.flatMap(({ msgId, table, id }, index) => {
        const row = { conv: String(conv), old_id: msgId, new_id: index + 1, table_no: table, legacy_id: id };
        return msgId === index + 1 ? [] : [row];
      });
      await this.#insert('legacy_import.message_map', changed);
    }
  }

  async members({ members, conversations }: Truth): Promise<void> {
    await this.#insert(
      'group_member',
      [...members].map(([key, { joinedAt, joinMsgId, readId, removed, shield }]) => {
        const [group_id, user_id] = key.split('/').map(Number);
        return {
          group_id,
          user_id,
          joined_at: new Date(joinedAt * 1_000),
          join_msg_id: joinMsgId,
          read_id: readId,
          removed_id: removed ? (conversations.get(BigInt(group_id!))?.count ?? 0) : 0,
          shield,
        };
      }),
    );
  }

  async lists({ discovery, tokens }: Truth): Promise<void> {
    await this.#insert(
      'discovery_item',
      discovery.map((item, index) => ({ ...item, id: index + 1, priority: discovery.length - index })),
    );
    await this.#insert(
      'device_token',
      [...tokens].map(([key, token]) => {
        const [user_id, client_type] = key.split('/').map(Number);
        return { user_id, client_type, token };
      }),
    );
  }

  async offlineFiles({ offlineFiles }: Truth): Promise<void> {
    const files = [...offlineFiles];
    const bytes = (hex: string) => `\\x${hex}`;
    await this.#insert(
      'file_task',
      files.map(([id, { fromId, toId, name, size, sha256 }]) => ({
        id,
        from_id: fromId,
        to_id: toId,
        name,
        size,
        offline: true,
        stored: size,
        sha256: bytes(sha256),
        completed_at: new Date(),
        expires_at: new Date(Date.now() + 1e9),
      })),
    );
    await this.#insert(
      'file_part',
      files
        .filter(([, { size }]) => size > 0)
        .map(([id, { size, sha256 }]) => {
          return { task_id: id, start: 0, size, key: blobKey(id), sha256: bytes(sha256) };
        }),
    );
  }

  async moveIdentities(): Promise<void> {
    for (const table of ['im_user', 'chat_group', 'department', 'discovery_item']) {
      await this.#client.query(
        `SELECT setval(pg_get_serial_sequence('${table}', 'id'), (SELECT max(id) FROM ${table}))`,
      );
    }
  }

  async #insert(table: string, rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    const columns = Object.keys(rows[0]!).join(', ');
    await this.#client.query(
      `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM jsonb_populate_recordset(NULL::${table}, $1)`,
      [JSON.stringify(rows)],
    );
  }
}
