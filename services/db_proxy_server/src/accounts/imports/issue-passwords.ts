import type { Actor } from '../../actor.js';
import { recordEvents } from '../../audit/record-event.js';
import type { Query } from '../../database/database.js';
import { issuePassword } from '../passwords/issued-password.js';
import { batchRows, setPasswords, withoutPassword } from './statements.js';

interface IssuedPassword {
  row_no: number;
  id: number;
  name: string;
  real_name: string;
  password: string;
}

export interface IssuedPasswords {
  users: IssuedPassword[];
  /** `after` of the next call; 0: there are no more */
  next: number;
}

/**
 * Issues passwords to the next users that an import added. They are only in the result: neither the import nor the audit log
 * contains them.
 * @param after continues after this row
 * @param renew also replaces issued passwords that were never used
 */
export async function issuePasswords(
  query: Query,
  { importId, after, renew }: { importId: number; after: number; renew: boolean },
  actor: Actor,
): Promise<IssuedPasswords> {
  const rows = await query<Omit<IssuedPassword, 'password'>>(withoutPassword, [importId, after, renew]);
  if (rows.length === 0) return { users: [], next: 0 };
  const issued = await Promise.all(rows.map(issuePassword));
  await query(setPasswords, [rows.map(({ id }) => id), issued.map(({ hash }) => hash)]);
  await recordEvents(
    query,
    actor,
    rows.map(({ id }) => ({
      verb: 'user.change',
      resource: `user ${id}`,
      after: { password: 'set', import: importId },
    })),
  );
  const users = rows.map((row, i) => ({ ...row, password: issued[i]?.password ?? '' }));
  return { users, next: rows.length < batchRows ? 0 : (rows.at(-1)?.row_no ?? 0) };
}
