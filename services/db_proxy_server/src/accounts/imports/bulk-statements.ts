import type { Statement } from '../../database/database.js';
import { userHasLeft } from '../../entities/index.js';
import { columns } from './statements.js';

// Locked against concurrent deletion.
export const department: Statement = {
  name: 'bulk_change_department',
  text: 'SELECT id FROM department WHERE id = $1 AND status = 0 FOR SHARE',
};

export const presentUser: Statement = {
  name: 'bulk_change_present_user',
  text: `SELECT id FROM im_user WHERE id = $1 AND status <> ${userHasLeft}`,
};

export const anyUser: Statement = {
  name: 'bulk_change_any_user',
  text: 'SELECT id FROM im_user WHERE id = ANY ($1::int4[]) LIMIT 1',
};

export const create: Statement = {
  name: 'bulk_change_create',
  text: `
    INSERT INTO user_import (file_name, created_by, kind, department_id, keep_groups, successor_id)
    VALUES ('', $1, $2, $3::int4, $4, nullif($5::int4, 0)) RETURNING id`,
};

/** Of leavers the outcome is `leave`; of others, with $4, that of a move to that department. */
export const putRows: Statement = {
  name: 'bulk_change_put_rows',
  text: `
    INSERT INTO user_import_row (import_id, row_no, name, fields, outcome, faults, user_id)
    SELECT $1, row_number() OVER (ORDER BY id), name, $3::json,
      CASE WHEN $4::int4 IS NULL AND status = ${userHasLeft} THEN 'same' WHEN $4 IS NULL THEN 'leave'
        WHEN status = ${userHasLeft} THEN 'error' WHEN department_id = $4 THEN 'same' ELSE 'change' END,
      CASE WHEN $4 IS NOT NULL AND status = ${userHasLeft}
        THEN json_build_array(json_build_object('column', 'name', 'fault', 'has-left', 'value', name))
        ELSE '[]' END,
      id
    FROM im_user WHERE id = ANY ($2::int4[])`,
};

export const leftToDo: Statement = {
  name: 'bulk_change_left_to_do',
  text: `
    SELECT row_no AS "rowNo", coalesce(user_id, 0) AS "userId", to_do AS "toDo" FROM user_import_row
    WHERE import_id = $1 AND to_do > 0 AND to_do = ANY ($2::int2[])
    ORDER BY import_id, to_do, row_no LIMIT $3`,
};

/** Rows of these users whose connections are to be ended. */
export const toCutOff: Statement = {
  name: 'bulk_change_to_cut_off',
  text: `
    SELECT row_no AS "rowNo" FROM user_import_row
    WHERE import_id = $1 AND to_do = 1 AND user_id = ANY ($2::int4[])`,
};

/** Rows whose state somebody else has changed since are left alone. */
export const setToDo: Statement = {
  name: 'bulk_change_set_to_do',
  text: `
    WITH done AS (
      UPDATE user_import_row SET to_do = $4::int2
      WHERE import_id = $1 AND row_no = ANY ($2::int4[]) AND to_do = $3::int2 RETURNING row_no
    )
    UPDATE user_import SET pending = pending - CASE WHEN $4 = 0 THEN (SELECT count(*) FROM done)::int4 ELSE 0 END
    WHERE id = $1 RETURNING ${columns}`,
};
