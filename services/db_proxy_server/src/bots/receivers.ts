import type { Query, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import { userHasLeft } from '../entities/index.js';

/** The user or group that a message is for. */
export type Receiver = { userId: number } | { groupId: number };

const user: Statement = {
  name: 'receiver_user',
  text: `
    SELECT id FROM im_user
    WHERE CASE WHEN $2::int4 = 0 THEN name = $3 COLLATE "C" ELSE id = $2 END
      AND id <> $1 AND status <> ${userHasLeft}`,
};

const group: Statement = {
  name: 'receiver_group',
  text: `
    SELECT g.id FROM group_member m JOIN chat_group g ON g.id = m.group_id
    WHERE m.user_id = $1 AND g.status = 0 AND CASE WHEN $2::int4 = 0 THEN g.name = $3 ELSE g.id = $2 END
    LIMIT 2`,
};

const pattern = /^(?:(?<kind>user|group):(?<id>\d{1,10})|(?<mark>[@#])(?<name>[^\0]{1,256}))$/su;

/**
 * Resolves the receiver that a text names: a user by `@NAME` or `user:ID`, one of the sender's groups by `#NAME` or `group:ID`.
 * @returns the receiver, or the reason why there is none, as the predicate of a sentence
 */
export async function findReceiver(query: Query, fromId: number, text: string): Promise<Receiver | string> {
  const { kind, id = '0', mark, name = '' } = pattern.exec(text)?.groups ?? {};
  if (kind === undefined && mark === undefined) return 'is not one of @NAME, #NAME, user:ID and group:ID';
  if (kind !== undefined && !isStorableId(Number(id))) return 'has an invalid id';
  const values = [fromId, Number(id), name];
  if (kind === 'user' || mark === '@') {
    const [found] = await query<{ id: number }>(user, values);
    return found ? { userId: found.id } : 'is not a user, has left, or is the sender';
  }
  const [found, another] = await query<{ id: number }>(group, values);
  if (another) return 'is the name of several groups of the sender; use group:ID';
  return found ? { groupId: found.id } : 'is not a group that the sender is a member of';
}
