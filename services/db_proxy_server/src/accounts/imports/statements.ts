import type { Statement } from '../../database/database.js';
import { userHasLeft } from '../../entities/index.js';
import { issuedPrefix } from '../passwords/issued-password.js';

/** Rows per transaction. */
export const batchRows = 500;
/** Days for which an import can be undone. */
const keptDays = 30;

/** A row that changes a user when it is run, as against one that changes nothing or is wrong. */
const changing = `outcome IN ('create', 'change', 'leave')`;

/** The columns of an import, in SQL. */
export const columns = `id, kind, file_name, created_by, extract(epoch FROM created_at)::float8 AS created_at, department_id,
  keep_groups, successor_id, begun_at IS NOT NULL AS begun, undone_at IS NOT NULL AS reverted,
  rows, creates, changes, leaves, same, errors, done, pending, undone, kept`;

export const createImport: Statement = {
  name: 'user_import_create',
  text: 'INSERT INTO user_import (file_name, created_by) VALUES ($1, $2) RETURNING id',
};

/** The newest imports. */
export const listImports: Statement = {
  name: 'user_import_list',
  text: `SELECT ${columns} FROM user_import ORDER BY id DESC LIMIT $1`,
};

export const oneImport: Statement = {
  name: 'user_import_one',
  text: `SELECT ${columns} FROM user_import WHERE id = $1`,
};

export const lockImport: Statement = {
  name: 'user_import_lock',
  text: `SELECT ${columns} FROM user_import WHERE id = $1 FOR NO KEY UPDATE`,
};

export const begin: Statement = {
  name: 'user_import_begin',
  text: 'UPDATE user_import SET begun_at = coalesce(begun_at, now()) WHERE id = $1',
};

export const beginUndo: Statement = {
  name: 'user_import_begin_undo',
  text: 'UPDATE user_import SET undone_at = coalesce(undone_at, now()) WHERE id = $1',
};

export const recount: Statement = {
  name: 'user_import_recount',
  text: `
    UPDATE user_import i SET rows = n.rows, creates = n.creates, changes = n.changes, leaves = n.leaves, same = n.same,
      errors = n.errors, done = n.done, pending = n.pending, undone = n.undone, kept = n.kept
    FROM (
      SELECT count(*) AS rows, count(*) FILTER (WHERE outcome = 'create') AS creates,
        count(*) FILTER (WHERE outcome = 'change') AS changes, count(*) FILTER (WHERE outcome = 'leave') AS leaves,
        count(*) FILTER (WHERE outcome = 'same') AS same, count(*) FILTER (WHERE outcome = 'error') AS errors,
        count(*) FILTER (WHERE state > 0 AND ${changing}) AS done, count(*) FILTER (WHERE to_do > 0) AS pending,
        count(*) FILTER (WHERE state > 1) AS undone, count(*) FILTER (WHERE state = 3) AS kept
      FROM user_import_row WHERE import_id = $1
    ) AS n
    WHERE i.id = $1`,
};

export const departments: Statement = {
  name: 'user_import_departments',
  text: 'SELECT id, name, parent_id FROM department WHERE status = 0 ORDER BY id',
};

const userFields = `u.id, u.name, u.nick_name AS "nickName", u.real_name AS "realName", u.gender,
  u.department_id AS "departmentId", u.email, u.tel, u.sign_info AS "signInfo", u.status = ${userHasLeft} AS disabled,
  EXISTS (SELECT FROM user_import_row r WHERE r.user_id = u.id AND r.outcome = 'create' AND r.state > 1)
    AND u.status = ${userHasLeft} AS "takenBack"`;

export const usersByName: Statement = {
  name: 'user_import_users_by_name',
  text: `SELECT ${userFields} FROM im_user u WHERE name = ANY ($1::text[]) ORDER BY id`,
};

export const lockUsersByName: Statement = {
  name: 'user_import_lock_users_by_name',
  text: `SELECT ${userFields} FROM im_user u WHERE name = ANY ($1::text[]) ORDER BY id FOR NO KEY UPDATE OF u`,
};

export const lockUsers: Statement = {
  name: 'user_import_lock_users',
  text: `SELECT ${userFields} FROM im_user u WHERE id = ANY ($1::int4[]) ORDER BY id FOR NO KEY UPDATE OF u`,
};

/** The first other row of the import with each name. */
export const otherRows: Statement = {
  name: 'user_import_other_rows',
  text: `
    SELECT name, min(row_no) AS row_no FROM user_import_row
    WHERE import_id = $1 AND name = ANY ($2::text[]) AND NOT row_no = ANY ($3::int4[]) GROUP BY name`,
};

/** The numbers of rows that are already stored. */
export const sameRows: Statement = {
  name: 'user_import_same_rows',
  text: 'SELECT row_no FROM user_import_row WHERE import_id = $1 AND row_no = ANY ($2::int4[])',
};

/** A repeated batch replaces its rows. */
export const putRows: Statement = {
  name: 'user_import_put_rows',
  text: `
    INSERT INTO user_import_row (import_id, row_no, name, fields, outcome, faults)
    SELECT $1, row_no, name, fields, outcome, faults
    FROM json_to_recordset($2::json) AS r (row_no int4, name text, fields json, outcome text, faults json)
    ON CONFLICT (import_id, row_no) DO UPDATE SET name = excluded.name, fields = excluded.fields,
      outcome = excluded.outcome, faults = excluded.faults`,
};

export const listRows: Statement = {
  name: 'user_import_rows',
  text: `
    SELECT row_no, name, outcome, faults, state, coalesce(user_id, 0) AS user_id FROM user_import_row
    WHERE import_id = $1 AND row_no > $2 AND ($4 = '' OR outcome = $4) ORDER BY row_no LIMIT $3`,
};

export const waitingRows: Statement = {
  name: 'user_import_waiting_rows',
  text: `
    SELECT row_no, name, fields, user_id FROM user_import_row
    WHERE import_id = $1 AND state = 0 AND ${changing} ORDER BY row_no LIMIT ${batchRows}`,
};

export const doneRows: Statement = {
  name: 'user_import_done_rows',
  text: `
    SELECT row_no, outcome, user_id, before, after FROM user_import_row
    WHERE import_id = $1 AND state = 1 AND ${changing}
    ORDER BY row_no DESC LIMIT ${batchRows}`,
};

/** Stores the outcomes of rows. */
export const settleRows: Statement = {
  name: 'user_import_settle_rows',
  text: `
    UPDATE user_import_row i SET state = r.state, outcome = coalesce(r.outcome, i.outcome),
      faults = coalesce(r.faults, i.faults), user_id = coalesce(r.user_id, i.user_id),
      before = coalesce(r.before, i.before), after = coalesce(r.after, i.after), to_do = coalesce(r.to_do, i.to_do)
    FROM json_to_recordset($2::json) AS r
      (row_no int4, state int2, outcome text, faults json, user_id int4, before json, after json, to_do int2)
    WHERE i.import_id = $1 AND i.row_no = r.row_no`,
};

const fieldList = `id int4, name text, "nickName" text, "realName" text, gender int2, "departmentId" int4, email text, tel text,
  "signInfo" text, disabled bool`;

export const createUsers: Statement = {
  name: 'user_import_create_users',
  text: `
    INSERT INTO im_user (name, nick_name, real_name, gender, department_id, email, tel, sign_info, password_hash)
    SELECT name, coalesce("nickName", "realName", name), coalesce("realName", "nickName", name), coalesce(gender, 0),
      coalesce("departmentId", 0), coalesce(email, ''), coalesce(tel, ''), coalesce("signInfo", ''), '!'
    FROM json_to_recordset($1::json) AS f (${fieldList})
    ON CONFLICT (name) DO NOTHING RETURNING id, name`,
};

export const changeUsers: Statement = {
  name: 'user_import_change_users',
  text: `
    UPDATE im_user u SET nick_name = coalesce(f."nickName", nick_name), real_name = coalesce(f."realName", real_name),
      gender = coalesce(f.gender, u.gender), department_id = coalesce(f."departmentId", department_id),
      email = coalesce(f.email, u.email), tel = coalesce(f.tel, u.tel), sign_info = coalesce(f."signInfo", sign_info),
      status = CASE WHEN f.disabled THEN ${userHasLeft}
        WHEN NOT f.disabled AND status = ${userHasLeft} THEN 0 ELSE status END
    FROM json_to_recordset($1::json) AS f (${fieldList}) WHERE u.id = f.id`,
};

/** Users that the import added and that have no password or, with $3, an issued one that was never used. */
export const withoutPassword: Statement = {
  name: 'user_import_without_password',
  text: `
    SELECT r.row_no, u.id, u.name, u.real_name FROM user_import_row r JOIN im_user u ON u.id = r.user_id
    WHERE r.import_id = $1 AND r.row_no > $2 AND r.outcome = 'create' AND r.state = 1 AND u.status <> ${userHasLeft}
      AND (u.password_hash = '!' OR $3 AND u.password_hash LIKE '${issuedPrefix}%'
        AND NOT EXISTS (SELECT FROM login_place p WHERE p.user_id = u.id))
    ORDER BY r.row_no LIMIT ${batchRows} FOR NO KEY UPDATE OF u`,
};

export const setPasswords: Statement = {
  name: 'user_import_set_passwords',
  text: `
    UPDATE im_user u SET password_hash = f.hash, legacy_salt = NULL
    FROM unnest($1::int4[], $2::text[]) AS f (id, hash) WHERE u.id = f.id`,
};

export const purgeImports: Statement = {
  name: 'user_import_purge',
  text: `
    DELETE FROM user_import WHERE id = (
      SELECT id FROM user_import WHERE created_at < now() - make_interval(days => ${keptDays}) ORDER BY id LIMIT 1)
    RETURNING id`,
};

// An undone import no longer says why these users have left.
export const forgetUndone: Statement = {
  name: 'import_forget_undone',
  text: `
    UPDATE user_import_row SET user_id = NULL
    WHERE user_id = ANY ($1::int4[]) AND outcome = 'create' AND state > 1`,
};
