import { teamtalk } from '@teamtalk/rpc';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseOf } from '../../database/database.js';
import { createTestContext, type TestContext } from '../../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.js';
import { login } from '../login.js';
import { clientDigest } from '../passwords/password.js';
import { departmentsByName } from './departments-by-name.js';
import type { WrittenUser } from './judge-row.js';
import { type ImportResult, maxRowsAtATime, UserImports } from './user-imports.js';

const actor = { name: 'console ann', asUser: 0, source: 'here' };

let database: TestDatabase;
let context: TestContext;
let checkLogin: ReturnType<typeof login>;
beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  checkLogin = login(context);
});
afterAll(async () => {
  await context.close();
  await database.drop();
});
beforeEach(() => sql('TRUNCATE im_user, department, user_import CASCADE'));

const sql = (text: string, values: unknown[] = []) => database.dataSource.query(text, values);

function settled<T>(outcome: ImportResult<T>): T {
  if (outcome.result !== 'done') throw new Error(outcome.result);
  return outcome.value;
}

type Written = Partial<WrittenUser> & { name: string };

/** @returns the import, and the outcomes and faults of its rows */
async function check(written: Written[], imports: UserImports = context.userImports) {
  const id = await imports.create('people.csv', actor);
  const rows = written.map((each, i) => ({ row: i + 2, ...each }));
  const judged = settled(await imports.addRows(id, rows, actor));
  return {
    id,
    outcomes: judged.map(({ outcome }) => outcome),
    faults: judged.flatMap(({ faults }) => faults),
  };
}

async function run(written: Written[]): Promise<number> {
  const { id } = await check(written);
  await context.userImports.run(id, actor);
  return id;
}

async function user(name: string) {
  const [row] = await sql(
    'SELECT id, nick_name, real_name, gender, department_id, email, tel, sign_info, status, password_hash FROM im_user WHERE name = $1',
    [name],
  );
  return row;
}

const addUser = (name: string, status = 0) =>
  sql(
    `INSERT INTO im_user (name, password_hash, nick_name, real_name, tel, status) VALUES ($1, 'kept', 'Nick', 'Real', '1', $2)`,
    [name, status],
  );

async function addDepartment(name: string, parent = 0): Promise<number> {
  const [{ id }] = await sql('INSERT INTO department (name, parent_id) VALUES ($1, $2) RETURNING id', [
    name,
    parent,
  ]);
  return id;
}

/** The events of all tests, newest first. */
const events = (verb: string) =>
  sql('SELECT actor, resource, before, after FROM audit_event WHERE verb = $1 ORDER BY id DESC', [verb]);

/** The number of an import's events. */
async function eventsOf(verb: string, importId: number): Promise<number> {
  const found: { resource: string; after: { import?: number } }[] = await events(verb);
  return found.filter(({ resource, after }) => resource === `import ${importId}` || after.import === importId)
    .length;
}

describe('a dry run', () => {
  it('reports what each row would do, and changes no user', async () => {
    await addUser('ann');
    await addUser('ben');
    const { outcomes, faults } = await check([
      { name: 'ann', nickName: 'Annie' },
      { name: 'ben', tel: '1' },
      { name: 'new', realName: '张三' },
    ]);
    expect(outcomes).toEqual(['change', 'same', 'create']);
    expect(faults).toEqual([]);
    expect(await user('new')).toBeUndefined();
    expect(await user('ann')).toMatchObject({ nick_name: 'Nick' });
  });

  it('reports what is wrong, row by row and column by column', async () => {
    await addUser('gone', 3);
    await addDepartment('Sales', await addDepartment('North'));
    await addDepartment('Sales', await addDepartment('South'));
    const { outcomes, faults } = await check([
      { name: '' },
      { name: 'x'.repeat(65), tel: '9'.repeat(33) },
      { name: 'twice' },
      { name: 'twice' },
      { name: 'who', gender: 'robot', department: 'Nowhere' },
      { name: 'where', department: 'Sales' },
      { name: 'gone', nickName: 'Back' },
    ]);
    expect(outcomes).toEqual(['error', 'error', 'create', 'error', 'error', 'error', 'error']);
    expect(faults).toEqual([
      { column: 'name', fault: 'missing', value: '' },
      { column: 'name', fault: 'too-long', value: 'x'.repeat(65) },
      { column: 'tel', fault: 'too-long', value: '9'.repeat(33) },
      { column: 'name', fault: 'repeated', value: '4' },
      { column: 'gender', fault: 'unknown-gender', value: 'robot' },
      { column: 'department', fault: 'unknown-department', value: 'Nowhere' },
      { column: 'department', fault: 'ambiguous-department', value: 'Sales' },
      { column: 'name', fault: 'has-left', value: 'gone' },
    ]);
  });

  it('detects a name repeated from an earlier batch, and counts a repeated batch once', async () => {
    const { userImports } = context;
    const id = await userImports.create('people.csv', actor);
    const first = [{ row: 2, name: 'a' }];
    await userImports.addRows(id, first, actor);
    expect(settled(await userImports.addRows(id, first, actor))[0]?.outcome).toBe('create');
    const again = settled(await userImports.addRows(id, [{ row: 3, name: 'a' }], actor));
    expect(again[0]?.faults).toEqual([{ column: 'name', fault: 'repeated', value: '2' }]);
    expect(await userImports.find(id)).toMatchObject({ rows: 2, creates: 1, errors: 1 });
    expect(await userImports.rows(id, 0, 10, 'error')).toMatchObject([{ row_no: 3, name: 'a' }]);
    expect([await eventsOf('import.create', id), await eventsOf('import.check', id)]).toEqual([1, 3]);
  });

  it('accepts the last batch again after a lost response, but not the same row twice in a batch', async () => {
    const { userImports } = context;
    const id = await userImports.create('people.csv', actor);
    await userImports.addRows(id, [{ row: 2, name: 'a' }], actor);
    await sql('UPDATE user_import SET rows = 50000 WHERE id = $1', [id]);
    expect(await userImports.addRows(id, [{ row: 2, name: 'a' }], actor)).toMatchObject({ result: 'done' });
    await sql('UPDATE user_import SET rows = 50000 WHERE id = $1', [id]);
    expect(await userImports.addRows(id, [{ row: 3, name: 'b' }], actor)).toEqual({ result: 'full' });
    const twice = [
      { row: 4, name: 'c' },
      { row: 4, name: 'd' },
    ];
    await expect(userImports.addRows(id, twice, actor)).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  it('requires an import that exists and has not begun', async () => {
    const row = [{ row: 2, name: 'a' }];
    expect(await context.userImports.addRows(99, row, actor)).toEqual({ result: 'not-found' });
    const id = await run([{ name: 'a' }]);
    expect(await context.userImports.addRows(id, row, actor)).toEqual({ result: 'conflict' });
  });
});

describe('an import', () => {
  it('adds and changes users, with an event each, and leaves the fields of empty cells unchanged', async () => {
    await addUser('ann');
    const top = await addDepartment('Company');
    const below = await addDepartment('R&D', top);
    const id = await run([
      { name: 'ann', department: 'company / r&d', tel: '2' },
      { name: 'new', realName: '张三', gender: '女', email: 'n@example.com' },
      { name: 'wrong', gender: '?' },
    ]);
    expect(await user('ann')).toMatchObject({
      nick_name: 'Nick',
      tel: '2',
      department_id: below,
      password_hash: 'kept',
    });
    expect(await user('new')).toMatchObject({
      nick_name: '张三',
      real_name: '张三',
      gender: 2,
      email: 'n@example.com',
      password_hash: '!',
    });
    expect(await user('wrong')).toBeUndefined();
    expect(await context.userImports.find(id)).toMatchObject({ begun: true, done: 2, errors: 1 });
    const { id: annId } = await user('ann');
    expect((await events('user.change'))[0]).toEqual({
      actor: 'console ann',
      resource: `user ${annId}`,
      before: { departmentId: 0, tel: '1' },
      after: { departmentId: below, tel: '2', import: id },
    });
    expect((await events('user.create'))[0]).toMatchObject({ after: { name: 'new', gender: 2, import: id } });
  });

  it('checks each row again, since users may have changed after the dry run', async () => {
    await addUser('ann');
    const { id } = await check([
      { name: 'ann', tel: '2' },
      { name: 'new', tel: '3' },
    ]);
    await sql(`UPDATE im_user SET tel = '2' WHERE name = 'ann'`);
    await addUser('new');
    const after = settled(await context.userImports.run(id, actor));
    expect(after).toMatchObject({ creates: 0, changes: 1, same: 1, done: 1 });
    expect(await user('new')).toMatchObject({ tel: '3', nick_name: 'Nick' });
  });

  it('continues where it stopped, 500 rows at a time, and imports no row twice', async () => {
    const { userImports } = context;
    const id = await userImports.create('people.csv', actor);
    for (let first = 0; first < 1_200; first += maxRowsAtATime) {
      const rows = Array.from({ length: Math.min(maxRowsAtATime, 1_200 - first) }, (_, i) => ({
        row: first + i + 2,
        name: `u${first + i}`,
      }));
      await userImports.addRows(id, rows, actor);
    }
    const done: number[] = [];
    for (let i = 0; i < 4; i++) done.push(settled(await userImports.run(id, actor)).done);
    expect(done).toEqual([500, 1_000, 1_200, 1_200]);
    expect(await sql('SELECT count(*)::int AS n FROM im_user')).toEqual([{ n: 1_200 }]);
    expect(await eventsOf('user.create', id)).toBe(1_200);
  });
});

describe('undoing an import', () => {
  it('restores what it changed, except what others changed since, and removes the users it added', async () => {
    await addUser('ann');
    await addUser('ben');
    const id = await run([
      { name: 'ann', tel: '2', nickName: 'Annie' },
      { name: 'ben', tel: '2' },
      { name: 'new' },
    ]);
    await sql(`UPDATE im_user SET tel = '3' WHERE name = 'ann'`);
    const { id: newId } = await user('new');
    const undone = settled(await context.userImports.undo(id, actor));
    expect(undone).toMatchObject({ reverted: true, undone: 3, kept: 1, pending: 1 });
    expect(await context.userImports.leftToDo(id, [1], 10), 'to cut off').toMatchObject([{ userId: newId }]);
    expect(await user('ann')).toMatchObject({ tel: '3', nick_name: 'Nick' });
    expect(await user('ben')).toMatchObject({ tel: '1' });
    expect(await user('new')).toMatchObject({ status: 3 });
    const [event] = await events('user.change');
    expect(event.after.undoneImport).toBe(id);
    expect(await context.userImports.run(id, actor), 'it is over').toEqual({ result: 'conflict' });
  });

  it('does not prevent importing the same people from a corrected file', async () => {
    const id = await run([{ name: 'new', tel: 'wrong' }]);
    await context.userImports.undo(id, actor);
    await run([{ name: 'new', tel: 'right' }]);
    expect(await user('new')).toMatchObject({ status: 0, tel: 'right' });
  });

  it('does not restore anybody who was restored since and has left again', async () => {
    const id = await run([{ name: 'new' }]);
    await context.userImports.undo(id, actor);
    const { id: userId } = await user('new');
    const nothing = {
      name: null,
      nickName: null,
      realName: null,
      gender: null,
      avatarUrl: null,
      departmentId: null,
      email: null,
      tel: null,
      signInfo: null,
      passwordHash: null,
    };
    for (const disabled of [false, true]) {
      await context.userAdministration.change(userId, { ...nothing, disabled }, actor);
    }
    const { id: next, faults } = await check([{ name: 'new', tel: '1' }]);
    expect(faults).toEqual([{ column: 'name', fault: 'has-left', value: 'new' }]);
    await context.userImports.run(next, actor);
    expect(await user('new')).toMatchObject({ status: 3 });
  });

  it('requires an import that has begun', async () => {
    const { id } = await check([{ name: 'a' }]);
    expect(await context.userImports.undo(id, actor)).toEqual({ result: 'conflict' });
    expect(await context.userImports.undo(99, actor)).toEqual({ result: 'not-found' });
  });
});

describe('first passwords', () => {
  const issue = async (id: number, { after = 0, renew = false } = {}) =>
    settled(await context.userImports.issuePasswords(id, { after, renew }, actor));

  async function logsIn(name: string, password: string): Promise<boolean> {
    const passwordMd5 = clientDigest(password);
    const request = { userName: name, passwordMd5, clientType: 1, address: '192.0.2.7' };
    const { result } = await checkLogin(new teamtalk.db.LoginRequest(request));
    return result === teamtalk.db.LoginResult.LOGIN_OK;
  }

  it('are issued once to the users an import added, and are stored nowhere', async () => {
    await addUser('ann');
    const id = await run([{ name: 'ann', tel: '2' }, { name: 'new', realName: '张三' }, { name: 'other' }]);
    const { users, next } = await issue(id);
    expect(next).toBe(0);
    expect(users.map(({ row_no, name, real_name }) => [row_no, name, real_name])).toEqual([
      [3, 'new', '张三'],
      [4, 'other', 'other'],
    ]);
    expect(await user('ann')).toMatchObject({ password_hash: 'kept' });
    const password = users[0]?.password ?? '';
    expect(password).toMatch(/^[0-9a-hjkmnp-tv-z]{5}(-[0-9a-hjkmnp-tv-z]{5}){3}$/);
    expect(await logsIn('new', password)).toBe(true);
    expect(await logsIn('other', password)).toBe(false);
    const kept = await sql(`SELECT (SELECT json_agg(r)::text FROM user_import_row r) AS rows,
      (SELECT json_agg(i)::text FROM user_import i) AS imports, (SELECT json_agg(e)::text FROM audit_event e) AS events,
      (SELECT json_agg(u)::text FROM im_user u) AS users`);
    for (const text of Object.values(kept[0])) expect(text).not.toContain(password);
    expect((await events('user.change'))[0].after).toEqual({ password: 'set', import: id });
    expect(await issue(id)).toEqual({ users: [], next: 0 });
  });

  it('are renewed only if they were never used', async () => {
    const id = await run([{ name: 'used' }, { name: 'lost' }]);
    const { users } = await issue(id);
    expect(await logsIn('used', users[0]?.password ?? '')).toBe(true);
    const renewed = await issue(id, { renew: true });
    expect(renewed.users.map(({ name }) => name)).toEqual(['lost']);
    expect(await logsIn('lost', users[1]?.password ?? '')).toBe(false);
    expect(await logsIn('lost', renewed.users[0]?.password ?? '')).toBe(true);
  });

  it('are issued batch by batch', async () => {
    const names = Array.from({ length: maxRowsAtATime + 1 }, (_, i) => ({ name: `u${i}` }));
    const { id } = await check(names.slice(0, maxRowsAtATime));
    settled(await context.userImports.addRows(id, [{ row: 9_000, name: 'last' }], actor));
    for (let left = true; left; ) {
      const { creates, done } = settled(await context.userImports.run(id, actor));
      left = done < creates;
    }
    const first = await issue(id);
    expect([first.users.length, first.next]).toEqual([maxRowsAtATime, maxRowsAtATime + 1]);
    const second = await issue(id, { after: first.next });
    expect([second.users.map(({ name }) => name), second.next]).toEqual([['last'], 0]);
  });

  it('are not issued before the import ran, after it was undone, or to users who have left', async () => {
    const { id } = await check([{ name: 'new' }, { name: 'gone' }]);
    const options = { after: 0, renew: false };
    expect(await context.userImports.issuePasswords(id, options, actor)).toEqual({ result: 'conflict' });
    await context.userImports.run(id, actor);
    await sql(`UPDATE im_user SET status = 3 WHERE name = 'gone'`);
    expect((await issue(id)).users.map(({ name }) => name)).toEqual(['new']);
    await context.userImports.undo(id, actor);
    expect(await context.userImports.issuePasswords(id, options, actor)).toEqual({ result: 'conflict' });
    expect(await context.userImports.issuePasswords(99, options, actor)).toEqual({ result: 'not-found' });
  });
});

it('works with a plain data source, as commands use it', async () => {
  const imports = new UserImports(databaseOf(database.dataSource));
  await addUser('ann');
  const { id, outcomes } = await check([{ name: 'ann', tel: '2' }, { name: 'new' }], imports);
  expect(outcomes).toEqual(['change', 'create']);
  expect(settled(await imports.run(id, actor))).toMatchObject({ done: 2 });
  expect(settled(await imports.undo(id, actor))).toMatchObject({ undone: 2 });
  expect(await user('ann')).toMatchObject({ tel: '1' });
});

it('removes imports after 30 days', async () => {
  const id = await run([{ name: 'a' }]);
  expect(await context.userImports.purge()).toBe(0);
  await sql(`UPDATE user_import SET created_at = now() - interval '31 days' WHERE id = $1`, [id]);
  expect(await context.userImports.purge()).toBe(1);
  expect(await sql('SELECT FROM user_import_row')).toEqual([]);
});

describe('departments', () => {
  const find = departmentsByName([
    { id: 1, name: 'Company', parent_id: 0 },
    { id: 2, name: 'Sales', parent_id: 1 },
    { id: 3, name: 'Shop', parent_id: 0 },
    { id: 4, name: 'Sales', parent_id: 3 },
    { id: 5, name: 'Web', parent_id: 2 },
    { id: 6, name: 'Shop', parent_id: 1 },
  ]);

  it.each([
    ['Web', 5],
    ['company/sales', 2],
    ['Company / Sales / Web', 5],
    ['Shop/Sales', 4],
    ['#4', 4],
    ['Sales', 'ambiguous-department'],
    // The top-level one, whose name is also its path.
    ['Shop', 3],
    ['Company/Shop', 6],
    ['Nowhere', 'unknown-department'],
    ['#9', 'unknown-department'],
  ])('are found by their names: %s', (text, found) => {
    expect(find(text)).toBe(found);
  });
});
