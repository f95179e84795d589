import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrateDown, migrateUp } from '../database/migrator.js';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { fillPinyin } from './name-pinyin.js';

let database: TestDatabase;
let context: TestContext;
beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
});
afterAll(async () => {
  await context.close();
  await database.drop();
});

const sql = (text: string, values: unknown[] = []) => database.dataSource.query(text, values);

async function add(name: string, fields: { nick?: string; real?: string; tel?: string } = {}): Promise<void> {
  const { nick = '', real = '', tel = '' } = fields;
  await sql(
    `INSERT INTO im_user (name, password_hash, nick_name, real_name, tel) VALUES ($1, '!', $2, $3, $4)`,
    [name, nick, real, tel],
  );
}

async function find(text: string): Promise<string[]> {
  const among = { name: '', departmentId: 0, userId: 0, status: 0, userIds: [], departmentIds: [] };
  const rows = await context.userAdministration.find({ after: 0, limit: 10, text, ...among });
  return rows.map(({ name }) => name);
}

it('finds names by their pinyin and initials once these are filled in, also of those who are renamed', async () => {
  await add('u1', { nick: '张三', real: '吕布' });
  await add('u2', { nick: 'Ünal', tel: '+86 10' });
  expect(await find('张')).toEqual(['u1']);
  expect(await find('zhangsan')).toEqual([]);
  expect(await fillPinyin(context.database)).toBe(2);
  for (const text of ['zhangsan', 'ZhangS', 'zs', 'lvbu', 'lb'])
    expect(await find(text), text).toEqual(['u1']);
  expect(await find('Ünal')).toEqual(['u2']);
  expect(await find('86 10')).toEqual(['u2']);

  await sql(`UPDATE im_user SET nick_name = '李四' WHERE name = 'u1'`);
  expect(await fillPinyin(context.database)).toBe(1);
  expect(await find('zhangsan')).toEqual([]);
  expect(await find('lisi')).toEqual(['u1']);
  await sql(`UPDATE im_user SET tel = '110' WHERE name = 'u1'`);
  expect(await fillPinyin(context.database), 'the names are the same').toBe(0);
});

it('has nothing to do for names in ASCII', async () => {
  await add('plain', { nick: 'Plain' });
  expect(await fillPinyin(context.database)).toBe(0);
  expect(await find('PLAI')).toEqual(['plain']);
});

it('takes in who was there before the migration', async () => {
  const older = await createTestDatabase();
  const { dataSource } = older;
  const isThere = async () => (await dataSource.query(`SELECT to_regclass('user_search') AS found`))[0].found;
  try {
    await dataSource.query(`INSERT INTO im_user (name, password_hash) VALUES ('重庆', '!'), ('plain', '!')`);
    while (await isThere()) await migrateDown(dataSource);
    await migrateUp(dataSource);
    expect(await dataSource.query('SELECT names, pinyin FROM user_search ORDER BY user_id')).toEqual([
      { names: '重庆\n\n', pinyin: null },
      { names: 'plain\n\n', pinyin: '' },
    ]);
  } finally {
    await older.drop();
  }
});
