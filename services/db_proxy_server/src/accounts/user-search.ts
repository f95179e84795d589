import type { Statement } from '../database/database.js';
import { userColumns } from './user-rows.js';

/** Users scanned in order before the index is used; a common text is found among them. */
export const lookedAt = 4_000;

const matching = `
  ($3::int4 = 0 OR department_id = $3) AND ($4::int4 = 0 OR user_id = $4) AND ($5::int4 = 0 OR has_left = ($5 = 2))
  AND (cardinality($6::int4[]) = 0 OR user_id = ANY($6)) AND (cardinality($7::int4[]) = 0 OR department_id = ANY($7))
  AND (names LIKE (SELECT lower($8)) OR addresses LIKE (SELECT lower($8)) OR pinyin LIKE (SELECT lower($8)))`;

/**
 * Users with a text in a name, its pinyin, the telephone number or the e-mail address, ascending by id.
 *
 * The scan fills a page with a common text soon, while the index would fetch and sort all matches first. Only rare texts are
 * left for the index, so that neither step grows with the number of users.
 * Subqueries make the pattern lower case once, not for each row. `+ 0` keeps the planner from scanning the index of ids.
 *
 * Parameters: after, limit, department, user, status, users and departments as in the filter, the LIKE pattern, and the text.
 */
export const searchUsers: Statement = {
  name: 'admin_search_users',
  text: `
    WITH near AS MATERIALIZED (
      SELECT user_id FROM (SELECT * FROM user_search WHERE user_id > $1 ORDER BY user_id LIMIT ${lookedAt}) AS first
      WHERE ${matching} ORDER BY user_id LIMIT $2
    ), far AS MATERIALIZED (
      SELECT user_id FROM user_search
      WHERE (SELECT count(*) FROM near) < $2
        AND user_id + 0 > (SELECT user_id FROM user_search WHERE user_id > $1 ORDER BY user_id OFFSET ${lookedAt - 1} LIMIT 1)
        AND user_search_terms(names, addresses, pinyin) @@ (SELECT user_search_query($9)) AND ${matching}
    ), hit AS (
      SELECT user_id FROM near UNION ALL SELECT user_id FROM far ORDER BY user_id LIMIT $2
    )
    SELECT ${userColumns} FROM im_user JOIN hit ON id = user_id ORDER BY id`,
};
