import type { DataSource } from 'typeorm';
import { type Actor, operator } from '../actor.js';
import { auditedTransaction } from '../audit/record-event.js';
import { type Argon2Cost, hashPassword } from './passwords/password.js';

export interface SeedOptions {
  /** users `<prefix>1` to `<prefix><count>` */
  count: number;
  prefix: string;
  /** of all users, in plain text */
  password: string;
  /** departments over which the users are spread; 0: none */
  departments?: number;
  /** name of one department for all of them, in place of `departments` */
  department?: string;
  cost?: Argon2Cost;
  onProgress?: (done: number, total: number) => void;
}

export interface SeedResult {
  added: number;
  /** existed before and were not changed */
  existing: number;
}

const batch = 2_000;

/**
 * Adds many users for demonstrations and benchmarks, with ids ascending by number. All share one password hash, since
 * thousands of argon2 computations would take minutes; not for real accounts.
 */
export async function seedUsers(
  dataSource: DataSource,
  options: SeedOptions,
  actor: Actor = operator(),
): Promise<SeedResult> {
  const { count, prefix, password, departments = 0, department, cost, onProgress } = options;
  const hash = await hashPassword(password, cost);
  const numbered = Array.from({ length: departments }, (_, i) => `Department ${i + 1}`);
  const departmentIds = await seedDepartments(dataSource, department ? [department] : numbered);
  let added = 0;
  for (let first = 1; first <= count; first += batch) {
    const last = Math.min(first + batch - 1, count);
    const values = [first, last, prefix, hash, departmentIds];
    added += await auditedTransaction(dataSource, actor, async (manager, record) => {
      const { length }: unknown[] = await manager.query(insertUsers, values);
      const names = `${prefix}${first} to ${prefix}${last}`;
      if (length > 0) await record({ verb: 'user.seed', resource: names, after: { added: length } });
      return length;
    });
    onProgress?.(last, count);
  }
  return { added, existing: count - added };
}

// Existing users are filtered out before ids are drawn, so that seeding again uses up no ids.
const insertUsers = `
  INSERT INTO im_user (name, password_hash, gender, nick_name, real_name, department_id)
  SELECT u.name, $4, 1 + n % 2, u.name, u.name,
    coalesce(($5::int4[])[1 + (n - 1) % greatest(cardinality($5::int4[]), 1)], 0)
  FROM generate_series($1::int4, $2::int4) AS n, LATERAL (SELECT $3::text || n AS name) AS u
  WHERE NOT EXISTS (SELECT FROM im_user x WHERE x.name = u.name COLLATE "C")
  ORDER BY n
  ON CONFLICT (name) DO NOTHING
  RETURNING id`;

async function seedDepartments(dataSource: DataSource, names: readonly string[]): Promise<number[]> {
  await dataSource.query(
    `INSERT INTO department (name, priority)
      SELECT name, n FROM unnest($1::text[]) WITH ORDINALITY AS wanted(name, n)
      WHERE NOT EXISTS (SELECT FROM department d WHERE d.name = wanted.name AND d.parent_id = 0)
      ORDER BY n`,
    [names],
  );
  const rows: { id: number }[] = await dataSource.query(
    `SELECT min(id) AS id FROM department WHERE parent_id = 0 AND name = ANY ($1::text[]) GROUP BY name ORDER BY 1`,
    [names],
  );
  return rows.map(({ id }) => id);
}
