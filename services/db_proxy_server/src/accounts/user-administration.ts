import { TeamTalkError } from '@teamtalk/service-kit';
import type { Actor } from '../actor.js';
import { isChanged, requireText, type SaveOutcome } from '../administration/changes.js';
import { changesOf, openAudit, setFields } from '../audit/record-event.js';
import type { Database, Query, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import { containing } from '../database/text.js';
import { userHasLeft } from '../entities/index.js';
import { type UserRow, userColumns } from './user-rows.js';
import { searchUsers } from './user-search.js';

/** Fields an administrator can set; null leaves a field unchanged, or at its default in a new user. */
export interface UserFields {
  name: string | null;
  nickName: string | null;
  realName: string | null;
  /** 0 unknown, 1 male, 2 female */
  gender: number | null;
  avatarUrl: string | null;
  /** 0: none */
  departmentId: number | null;
  email: string | null;
  tel: string | null;
  signInfo: string | null;
  /** cannot log in and is not listed */
  disabled: boolean | null;
  passwordHash: string | null;
}

export interface UserFilter {
  /** ids above this one */
  after: number;
  limit: number;
  /** exact name; empty: any; not together with `text` */
  name: string;
  /** 0: any */
  departmentId: number;
  /** 0: any */
  userId: number;
  /** part of a name, its pinyin, the telephone number or the e-mail address; empty: any */
  text: string;
  /** 0: all, 1: only users who have not left, 2: only users who have left */
  status: number;
  /** only these users; empty: any */
  userIds: readonly number[];
  /** only users in these departments; empty: any */
  departmentIds: readonly number[];
}

const maxPage = 1_000;

const find: Statement = {
  name: 'admin_find_users',
  text: `
    SELECT ${userColumns} FROM im_user
    WHERE id > $1 AND ($3::int4 = 0 OR department_id = $3) AND ($4::int4 = 0 OR id = $4)
      AND ($5::int4 = 0 OR (status = ${userHasLeft}) = ($5 = 2))
      AND (cardinality($6::int4[]) = 0 OR id = ANY($6))
      AND (cardinality($7::int4[]) = 0 OR department_id = ANY($7)) AND ($8 = '' OR name = $8)
    ORDER BY id LIMIT $2`,
};

const create: Statement = {
  name: 'admin_create_user',
  text: `
    INSERT INTO im_user (name, nick_name, real_name, gender, avatar_url, department_id, email, tel, sign_info,
      status, password_hash)
    VALUES ($1, coalesce($2, $1), coalesce($3, $2, $1), coalesce($4::int2, 0), coalesce($5, ''), coalesce($6::int4, 0),
      coalesce($7, ''), coalesce($8, ''), coalesce($9, ''), CASE WHEN $10::bool THEN ${userHasLeft} ELSE 0 END,
      coalesce($11, '!'))
    ON CONFLICT (name) DO NOTHING RETURNING id`,
};

const change: Statement = {
  name: 'admin_change_user',
  text: `
    UPDATE im_user SET name = coalesce($2, name), nick_name = coalesce($3, nick_name),
      real_name = coalesce($4, real_name), gender = coalesce($5::int2, gender),
      avatar_url = coalesce($6, avatar_url), department_id = coalesce($7::int4, department_id),
      email = coalesce($8, email), tel = coalesce($9, tel), sign_info = coalesce($10, sign_info),
      status = CASE WHEN $11::bool THEN ${userHasLeft}
        WHEN NOT $11::bool AND status = ${userHasLeft} THEN 0 ELSE status END,
      password_hash = coalesce($12, password_hash),
      legacy_salt = CASE WHEN $12::text IS NULL THEN legacy_salt END
    WHERE id = $1 RETURNING id`,
};

const lockUser: Statement = {
  name: 'admin_lock_user',
  text: `SELECT ${userColumns} FROM im_user WHERE id = $1 FOR NO KEY UPDATE`,
};

// Users restored or removed by an administrator no longer count as having left only because an import was undone.
const forgetUndoneImports: Statement = {
  name: 'admin_forget_undone_imports',
  text: 'UPDATE user_import_row SET user_id = NULL WHERE user_id = $1 AND state > 1',
};

const nameTaken: Statement = {
  name: 'admin_user_name_taken',
  text: 'SELECT id FROM im_user WHERE name = $2 AND id <> $1',
};

// Locked against concurrent deletion.
const department: Statement = {
  name: 'admin_user_department',
  text: 'SELECT id FROM department WHERE id = $1 AND status = 0 FOR SHARE',
};

/** Administration of users. */
export class UserAdministration {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Ascending by id, at most 1,000, including disabled users. */
  find(filter: UserFilter): Promise<UserRow[]> {
    const { after, limit, name, departmentId, userId, status, userIds, departmentIds } = filter;
    const text = filter.text.replaceAll('\0', '');
    const ids = [after, departmentId, userId, ...userIds, ...departmentIds];
    if (!ids.every((id) => id === 0 || isStorableId(id))) return Promise.resolve([]);
    const page = [after, Math.min(limit, maxPage)];
    const among = [departmentId, userId, status, userIds, departmentIds];
    if (text !== '') {
      return this.#database.query<UserRow>(searchUsers, [...page, ...among, containing(text), text]);
    }
    return this.#database.query<UserRow>(find, [...page, ...among, name.replaceAll('\0', '')]);
  }

  /** @throws TeamTalkError `invalid-argument` when a field cannot be what it is */
  async create(query: Query, fields: UserFields, actor: Actor): Promise<SaveOutcome> {
    if (fields.name === null) throw new TeamTalkError('invalid-argument', 'a user needs a name');
    checkFields(fields);
    const record = await openAudit(query, actor);
    if (!(await departmentExists(query, fields.departmentId))) return { result: 'unknown-department' };
    const [row] = await query<{ id: number }>(create, valuesOf(fields));
    if (!row) return { result: 'conflict' };
    await record({ verb: 'user.create', resource: `user ${row.id}`, after: setFields(shown(fields)) });
    return { result: 'saved', id: row.id };
  }

  /**
   * @param expected fields as the caller has read them; `changed` when one is different now. Undefined: they do not matter
   * @throws TeamTalkError `invalid-argument` when a field cannot be what it is
   */
  async change(
    userId: number,
    fields: UserFields,
    actor: Actor,
    expected?: Partial<UserFields>,
  ): Promise<SaveOutcome> {
    checkFields(fields);
    if (!isStorableId(userId)) return { result: 'not-found' };
    return this.#database.transaction('change_user', async (query) => {
      const record = await openAudit(query, actor);
      if (!(await departmentExists(query, fields.departmentId))) return { result: 'unknown-department' };
      const taken = fields.name !== null && (await query(nameTaken, [userId, fields.name])).length > 0;
      if (taken) return { result: 'conflict' };
      const [current] = await query<UserRow>(lockUser, [userId]);
      if (!current) return { result: 'not-found' };
      if (isChanged(currentFields(current), expected)) return { result: 'changed' };
      await query(change, [userId, ...valuesOf(fields)]);
      if (fields.disabled !== null) await query(forgetUndoneImports, [userId]);
      const changes = changesOf(currentFields(current), shown(fields));
      if (changes) await record({ verb: 'user.change', resource: `user ${userId}`, ...changes });
      return { result: 'saved', id: userId };
    });
  }

  /** Records that a user's connections are about to be ended. */
  recordSessionEnd(userId: number, sessions: string, actor: Actor): Promise<void> {
    return this.#database.transaction('record_session_end', async (query) => {
      const record = await openAudit(query, actor);
      await record({ verb: 'session.end', resource: `user ${userId}`, before: { sessions } });
    });
  }
}

function valuesOf(fields: UserFields): unknown[] {
  const { name, nickName, realName, gender, avatarUrl, departmentId, email, tel, signInfo } = fields;
  const shown = [name, nickName, realName, gender, avatarUrl, departmentId, email, tel, signInfo];
  return [...shown, fields.disabled, fields.passwordHash];
}

/** The fields as the audit has them: of a password only that it was set. */
function shown({ passwordHash, ...fields }: UserFields) {
  return { ...fields, password: passwordHash === null ? null : 'set' };
}

function currentFields(row: UserRow): Partial<UserFields> {
  return {
    name: row.name,
    nickName: row.nick_name,
    realName: row.real_name,
    gender: row.gender,
    avatarUrl: row.avatar_url,
    departmentId: row.department_id,
    email: row.email,
    tel: row.tel,
    signInfo: row.sign_info,
    disabled: row.status === userHasLeft,
  };
}

function checkFields(fields: UserFields): void {
  requireText('a name', fields.name, 1, 64);
  requireText('a nick name', fields.nickName, 0, 64);
  requireText('a real name', fields.realName, 0, 64);
  requireText('an avatar’s address', fields.avatarUrl, 0, 1024);
  requireText('an e-mail address', fields.email, 0, 128);
  requireText('a telephone number', fields.tel, 0, 32);
  requireText('a signature', fields.signInfo, 0, 128);
  if (fields.gender !== null && fields.gender > 2) {
    throw new TeamTalkError('invalid-argument', 'a gender is 0, 1 or 2');
  }
}

async function departmentExists(query: Query, id: number | null): Promise<boolean> {
  if (id === null || id === 0) return true;
  return isStorableId(id) && (await query(department, [id])).length > 0;
}
