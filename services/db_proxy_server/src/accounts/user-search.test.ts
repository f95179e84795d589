import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrateDown, migrateUp } from '../database/migrator.js';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { fillPinyin } from './name-pinyin.js';
import { lookedAt, searchUsers } from './user-search.js';

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

async function find(text: string, page: { after?: number; limit?: number } = {}): Promise<string[]> {
  const among = { name: '', departmentId: 0, userId: 0, status: 0, userIds: [], departmentIds: [] };
  const rows = await context.userAdministration.find({ after: 0, limit: 10, text, ...among, ...page });
  return rows.map(({ name }) => name);
}

it('finds names by pinyin and initials once these are filled in, also after a rename', async () => {
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

it('includes users that existed before the migration', async () => {
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

describe('among more users than the first scan covers', () => {
  beforeAll(async () => {
    await sql(
      `INSERT INTO im_user (name, password_hash, nick_name)
       SELECT 'filler' || n, '!', 'Filler ' || n FROM generate_series(1, $1::int4) AS n`,
      [lookedAt],
    );
    await add('far1', { nick: '欧阳锋', real: 'Ouyang Feng', tel: '+49 170 555' });
    await add('far2', { nick: `O'Brien \\ Söhne`, real: '100%_sure' });
    await add('far3', { nick: '欧阳克', tel: '170 555' });
    await fillPinyin(context.database);
  });

  it.each([
    ['锋', ['far1']],
    ['欧', ['far1', 'far3']],
    ['欧阳', ['far1', 'far3']],
    ['欧阳锋', ['far1']],
    ['yangfeng', ['far1']],
    ['oyf', ['far1']],
    ['G FE', ['far1']],
    ['170 55', ['far1', 'far3']],
    ['+4', ['far1']],
    ["'", ['far2']],
    ["o'br", ['far2']],
    ["o'brien \\ s", ['far2']],
    ['\\', ['far2']],
    ['\\ SöHNE', ['far2']],
    ['0%_', ['far2']],
    ['%', ['far2']],
    [':*', []],
    ['far1\nou', []],
    ['ouyangfengouyangfeng', []],
  ])('finds %s anywhere in the searched texts', async (text, names) => {
    expect(await find(text)).toEqual(names);
  });

  it('continues page by page, from the first scan to the index', async () => {
    await sql(
      `UPDATE im_user SET sign_info = 'x', nick_name = 'Filler far' WHERE name IN ('filler7', 'filler8')`,
    );
    const ids = await sql(`SELECT id, name FROM im_user WHERE name ~ '^(far|filler[78]$)' ORDER BY id`);
    const found: string[] = [];
    for (let after = 0, page: string[] = ['']; page.length > 0; ) {
      page = await find('FAR', { after, limit: 2 });
      found.push(...page);
      after = ids.find(({ name }: { name: string }) => name === page.at(-1))?.id ?? 0;
    }
    expect(found).toEqual(['filler7', 'filler8', 'far1', 'far2', 'far3']);
  });

  it('does not read all names for a rare text', async () => {
    await sql('ANALYZE user_search');
    const plan = await sql(`EXPLAIN (GENERIC_PLAN) ${searchUsers.text}`);
    expect(JSON.stringify(plan)).toContain('Bitmap Index Scan on user_search_terms');
  });
});
