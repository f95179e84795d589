import { expect, it } from 'vitest';
import { listApps } from '../apps/apps.js';
import { migrateDown, migrateUp } from '../database/migrator.js';
import { createTestDatabase } from '../testing/test-database.js';

it('apps that act as any user keep what they could do, and apps that act as one user lose administration', async () => {
  const { dataSource, drop } = await createTestDatabase();
  try {
    while ((await migrateDown(dataSource)) !== 'AppRights1764000000190');
    await dataSource.query(`INSERT INTO im_user (id, name, password_hash) VALUES (1, 'a', '!')`);
    const all = ['p2p', 'broadcast', 'group', 'history', 'users', 'presence', 'kick', 'discovery'];
    await dataSource.query(
      `INSERT INTO app (name, key_hash, permissions, user_id)
       VALUES ('any', 'a', $1, NULL), ('bound', 'b', $1, 1), ('small', 'c', '{p2p}', NULL)`,
      [all],
    );
    await migrateUp(dataSource);
    const permissionsOf = async () =>
      Object.fromEntries((await listApps(dataSource)).map(({ name, permissions }) => [name, permissions]));
    const asUser = ['p2p', 'broadcast', 'group', 'history', 'presence'];
    expect(await permissionsOf()).toEqual({
      any: [
        ...asUser,
        ...['groups:admin', 'users:read', 'users:write', 'session', 'sessions:admin', 'statistics'],
        ...['discovery:read', 'discovery:write'],
      ],
      bound: [...asUser, 'users:read', 'session', 'discovery:read'],
      small: ['p2p'],
    });
    // http_msg_servers of the version before know only these.
    const rows: { permissions: string[] }[] = await dataSource.query(`SELECT permissions FROM app`);
    expect(rows[1]?.permissions).toEqual(expect.arrayContaining(all));
    while ((await migrateDown(dataSource)) !== 'AppRights1764000000190');
    expect(await dataSource.query(`SELECT permissions FROM app WHERE name = 'any'`)).toEqual([
      { permissions: all },
    ]);
  } finally {
    await drop();
  }
});
