import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import type { TrueConversation, TrueSide, Truth } from './truth.js';

/**
 * Compares an installation with what a generated store has to become.
 * @param storage the folder of STORAGE_DIR
 * @returns every difference in words; none where all is right
 */
export async function differencesFrom(truth: Truth, databaseUrl: string, storage: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const check = new Check(client, truth);
    await check.users();
    await check.departments();
    await check.groups();
    await check.conversations();
    await check.messages();
    await check.members();
    await check.lists();
    await check.files(storage);
    return check.differences;
  } finally {
    await client.end();
  }
}

class Check {
  readonly differences: string[] = [];
  readonly #client: pg.Client;
  readonly #truth: Truth;

  constructor(client: pg.Client, truth: Truth) {
    this.#client = client;
    this.#truth = truth;
  }

  async users(): Promise<void> {
    const { users, goneUsers } = this.#truth;
    const here = await this.#byId('SELECT *, extract(epoch FROM created_at)::int8 AS created FROM im_user');
    for (const [id, user] of users) {
      const row = here.get(String(id));
      this.#equal(
        `user ${id}`,
        row &&
          pick(row, [
            'nick_name',
            'real_name',
            'gender',
            'tel',
            'email',
            'department_id',
            'status',
            'push_shield',
            'sign_info',
            'created',
            'domain',
            'legacy_salt',
          ]),
        {
          nick_name: user.nick,
          real_name: user.realName,
          gender: user.sex,
          tel: user.phone,
          email: user.email,
          department_id: user.departmentId,
          status: user.status,
          push_shield: user.pushShield,
          sign_info: user.signInfo,
          created: String(user.created),
          domain: user.domain,
          legacy_salt: user.salt,
        },
      );
      if (!row) continue;
      if (user.name !== undefined) this.#equal(`name of user ${id}`, row.name, user.name);
      if (!user.avatars.includes(row.avatar_url as string))
        this.#differ(`avatar of user ${id}: ${row.avatar_url}`);
      const { password } = user;
      const wanted = password === undefined ? '' : md5(md5(password) + user.salt);
      this.#equal(`password of user ${id}`, String(row.password_hash).toLowerCase(), wanted);
    }
    for (const id of goneUsers) this.#equal(`gone user ${id}`, here.get(String(id))?.status, 3);
    for (const id of here.keys()) {
      // Who wrote in groups only may be there, or not.
      if (!users.has(Number(id)) && here.get(id)!.status !== 3)
        this.#differ(`user ${id} is not of the old store`);
    }
  }

  async departments(): Promise<void> {
    const here = await this.#byId('SELECT * FROM department');
    for (const [id, { name, parentId, priority, status }] of this.#truth.departments) {
      const row = here.get(String(id));
      const wanted = { name: name ?? row?.name, parent_id: parentId, priority, status };
      this.#equal(`department ${id}`, row && pick(row, Object.keys(wanted)), wanted);
    }
    this.#equal('departments', here.size, this.#truth.departments.size);
  }

  async groups(): Promise<void> {
    const here = await this.#byId(
      'SELECT *, extract(epoch FROM created_at)::int8 AS created FROM chat_group',
    );
    for (const [id, { name, avatar, creatorId, type, status, version, created }] of this.#truth.groups) {
      const row = here.get(String(id));
      const wanted = { name, avatar, creator_id: creatorId, type, status, created: String(created) };
      this.#equal(`group ${id}`, row && pick(row, Object.keys(wanted)), wanted);
      if (Number(row?.version) < version)
        this.#differ(`group ${id}: version ${row?.version}, was ${version}`);
    }
    this.#equal('groups', here.size, this.#truth.groups.size);
  }

  async conversations(): Promise<void> {
    const rows = await this.#rows('SELECT *, extract(epoch FROM last_at)::float8 AS at FROM conversation');
    const here = new Map(rows.map((row) => [String(row.conv), row]));
    for (const [conv, wanted] of this.#truth.conversations) {
      const row = here.get(String(conv));
      if (!row) {
        this.#differ(`conversation ${conv} is missing`);
        continue;
      }
      const own = { last_id: wanted.count, at: wanted.lastAt, low_sent: wanted.lowSent, ...sides(wanted) };
      this.#equal(`conversation ${conv}`, { ...pick(row, Object.keys(own)), ...removed(row) }, own);
    }
    for (const [conv, row] of here) {
      if (!this.#truth.conversations.has(BigInt(conv)) && row.last_id !== 0)
        this.#differ(`conversation ${conv} is new`);
    }
  }

  async messages(): Promise<void> {
    await this.#client.query('BEGIN');
    await this.#client.query(`DECLARE all_messages CURSOR FOR
      SELECT conv, id, from_id, sender_seq, type, extract(epoch FROM created_at)::float8 AS at, data FROM message ORDER BY conv, id`);
    const known = new Map<string, { count: number; hash: ReturnType<typeof createHash>; low: number }>();
    for (;;) {
      const rows = await this.#rows('FETCH 10000 FROM all_messages');
      if (rows.length === 0) break;
      for (const row of rows) {
        const conv = String(row.conv);
        const so = known.get(conv) ?? { count: 0, hash: createHash('sha256'), low: 0 };
        known.set(conv, so);
        so.count++;
        const digest = createHash('sha256').update(`${row.from_id}\t${row.at}\t${row.type}\t`);
        so.hash.update(digest.update(row.data as Buffer).digest());
        const pair = BigInt(conv) >= 2n ** 32n;
        const isLow = pair && BigInt(row.from_id as number) === BigInt(conv) >> 32n;
        if (isLow) so.low++;
        const sequence = pair ? (isLow ? so.low : so.count - so.low) : 0;
        if (row.id !== so.count || row.sender_seq !== sequence)
          this.#differ(
            `message ${row.id} of ${conv}: place ${so.count}, sender_seq ${row.sender_seq}, not ${sequence}`,
          );
      }
    }
    await this.#client.query('ROLLBACK');
    for (const [conv, { count, hash }] of this.#truth.conversations) {
      const so = known.get(String(conv));
      this.#equal(`messages of ${conv}`, so && [so.count, so.hash.digest('hex')], [count, hash]);
    }
    this.#equal('conversations with messages', known.size, this.#truth.conversations.size);
  }

  async members(): Promise<void> {
    const rows = await this.#rows('SELECT *, extract(epoch FROM joined_at)::float8 AS at FROM group_member');
    for (const row of rows) {
      const key = `${row.group_id}/${row.user_id}`;
      const wanted = this.#truth.members.get(key);
      const count = this.#truth.conversations.get(BigInt(row.group_id as number))?.count ?? 0;
      this.#equal(
        `member ${key}`,
        wanted && {
          joinedAt: row.at,
          joinMsgId: row.join_msg_id,
          readId: row.read_id,
          removed: count > 0 ? (row.removed_id as number) >= count : wanted.removed,
          shield: row.shield,
        },
        wanted,
      );
    }
    this.#equal('members', rows.length, this.#truth.members.size);
  }

  async lists(): Promise<void> {
    const items = await this.#rows('SELECT name, url FROM discovery_item ORDER BY priority DESC, id');
    this.#equal('discovery', items, this.#truth.discovery);
    const tokens = await this.#rows("SELECT user_id || '/' || client_type AS key, token FROM device_token");
    const here = tokens.map(({ key, token }) => `${key}: ${token}`);
    const wanted = [...this.#truth.tokens].map(([key, token]) => `${key}: ${token}`);
    this.#equal('tokens', here.sort(), wanted.sort());
  }

  async files(storage: string): Promise<void> {
    for (const [key, { size, sha256 }] of this.#truth.images) {
      const content = await readFile(path.join(storage, key)).catch(() => undefined);
      this.#equal(`file ${key}`, content && { size: content.length, sha256: sha256Of(content) }, {
        size,
        sha256,
      });
    }
    const tasks = await this.#byId(
      "SELECT *, encode(sha256, 'hex') AS hex, (SELECT array_agg(key ORDER BY start) FROM file_part WHERE task_id = file_task.id) AS keys FROM file_task",
    );
    for (const [task, { fromId, toId, name, size, sha256 }] of this.#truth.offlineFiles) {
      const row = tasks.get(task);
      const parts = ((row?.keys ?? []) as string[]).map((key) => readFile(path.join(storage, key)));
      const content = await Promise.all(parts).then(Buffer.concat, () => undefined);
      const found = row && {
        ...pick(row, ['from_id', 'to_id', 'name', 'size', 'hex', 'offline']),
        content: content && sha256Of(content),
      };
      const wanted = {
        from_id: fromId,
        to_id: toId,
        name,
        size: String(size),
        hex: sha256,
        offline: true,
        content: sha256,
      };
      this.#equal(`offline file ${task}`, found, wanted);
    }
    this.#equal('offline files', tasks.size, this.#truth.offlineFiles.size);
  }

  async #rows(sql: string): Promise<Row[]> {
    return (await this.#client.query<Row>(sql)).rows;
  }

  async #byId(sql: string): Promise<Map<string, Row>> {
    return new Map((await this.#rows(sql)).map((row) => [String(row.id), row]));
  }

  #equal(what: string, found: unknown, wanted: unknown): void {
    const [one, other] = [text(found), text(wanted)];
    if (one !== other) this.#differ(`${what}: ${one}, not ${other}`);
  }

  #differ(what: string): void {
    this.differences.push(what);
  }
}

type Row = Record<string, unknown>;

function sides({ low, high }: TrueConversation) {
  const of = (name: string, { read, seen, removed }: TrueSide) => ({
    [`${name}_read`]: read,
    [`${name}_seen`]: seen,
    [`${name}_removed`]: removed,
  });
  return { ...of('low', low), ...of('high', high) };
}

/** Whether the session is out of the list, in place of the number up to which it is. */
function removed(row: Row): Row {
  const isRemoved = (side: string) => (row[`${side}_removed`] as number) >= (row.last_id as number);
  // A group's sides are its members'.
  if (BigInt(row.conv as string) < 2n ** 32n) return { low_removed: false, high_removed: false };
  return { low_removed: isRemoved('low'), high_removed: isRemoved('high') };
}

function pick(row: Row, names: readonly string[]): Row {
  return Object.fromEntries(names.map((name) => [name, row[name]]));
}

function text(value: unknown): string {
  if (value instanceof Map) return text([...value]);
  return (
    JSON.stringify(value, (_, each) =>
      typeof each === 'object' && each !== null && !Array.isArray(each)
        ? Object.fromEntries(Object.entries(each as Row).sort(([a], [b]) => (a < b ? -1 : 1)))
        : each,
    ) ?? 'nothing'
  );
}

function md5(value: string): string {
  return createHash('md5').update(value).digest('hex');
}

function sha256Of(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
