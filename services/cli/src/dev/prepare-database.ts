import {
  addUser,
  type Grants,
  inviteFirstOwner,
  migrateUp,
  openDataSource,
  seedUsers,
} from '@teamtalk/db_proxy_server';
import { canaryDepartment, demoDepartments, demoPassword, demoUsers } from './demo-users.js';

type DataSource = Awaited<ReturnType<typeof openDataSource>>;

/** A user to send as, and one to send to. */
export interface Pair {
  sender: string;
  receiver: string;
  receiverId: number;
}

export interface PreparedDatabase {
  /** the migrations applied */
  migrations: string[];
  /** users added for `--seed` */
  seeded: number;
  /** users to try it with: two demo users, else two seeded ones; undefined when there are neither */
  pair: Pair | undefined;
  /** with which the console's first owner chooses a password; undefined: already chosen */
  setupToken: string | undefined;
}

interface Preparations {
  /** users u1 to uN */
  seed: number;
  grants: Grants;
  /** accounts to create for a canary; left out: none */
  canaries?: { prefix: string; count: number } | undefined;
}

/**
 * Migrates the database to the newest schema, adds the demo users if it has no users, adds u1 to uN on request, and
 * invites the first owner of the console.
 */
export async function prepareDatabase(
  url: string,
  { seed, grants, canaries }: Preparations,
): Promise<PreparedDatabase> {
  const dataSource = await openDataSource(url);
  try {
    const migrations = await migrateUp(dataSource, { grants });
    await addDemoUsers(dataSource);
    if (canaries)
      await seedUsers(dataSource, { ...canaries, password: demoPassword, department: canaryDepartment });
    const options = { count: seed, prefix: 'u', password: demoPassword };
    const { added } = seed > 0 ? await seedUsers(dataSource, options) : { added: 0 };
    const [pair, invitation] = [await findPair(dataSource), await inviteFirstOwner(dataSource)];
    return { migrations, seeded: added, pair, setupToken: invitation?.token };
  } finally {
    await dataSource.destroy();
  }
}

async function addDemoUsers(dataSource: DataSource): Promise<void> {
  const anybody: unknown[] = await dataSource.query('SELECT 1 FROM im_user LIMIT 1');
  if (anybody.length > 0) return;
  const rows: { id: number; name: string }[] = await dataSource.query(
    `INSERT INTO department (name, priority)
      SELECT name, n FROM unnest($1::text[]) WITH ORDINALITY AS wanted(name, n) RETURNING id, name`,
    [demoDepartments],
  );
  const idsByName = new Map(rows.map(({ id, name }) => [name, id]));
  for (const { department, ...user } of demoUsers) {
    const departmentId = idsByName.get(department) ?? 0;
    await addUser(dataSource, { ...user, password: demoPassword, departmentId });
  }
}

async function findPair(dataSource: DataSource): Promise<Pair | undefined> {
  const [alice, bob] = demoUsers;
  for (const [sender, receiver] of [
    [alice!.name, bob!.name],
    ['u1', 'u2'],
  ] as const) {
    const rows: { id: number }[] = await dataSource.query('SELECT id FROM im_user WHERE name = $1', [
      receiver,
    ]);
    if (rows[0]) return { sender, receiver, receiverId: rows[0].id };
  }
  return undefined;
}
