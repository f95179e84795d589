import { testDatabase } from '@teamtalk/local-stack';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Outcome, teamtalk } from './run.js';

let env: NodeJS.ProcessEnv;
let sql: pg.Client;
let drop: () => Promise<void>;

beforeAll(async () => {
  const database = await testDatabase();
  env = { DATABASE_URL: database.url };
  drop = () => database.drop();
  sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
  await sql.query(`INSERT INTO department (id, name, parent_id) VALUES (7, 'law', 0)`);
  await sql.query(
    `INSERT INTO im_user (id, name, password_hash, status) VALUES (3, 'ann', '', 0), (4, 'ben', '', 3)`,
  );
  await sql.query(`INSERT INTO chat_group (id, name, type) VALUES (12, 'team', 1)`);
});
afterAll(async () => {
  await sql.end();
  await drop();
});

const run = (...words: string[]): Promise<Outcome> => teamtalk(words, env);

it('sets, lists and removes rules, and reports what was removed', async () => {
  expect(await run('retention', 'set', '730')).toMatchObject({ status: 0, stdout: '1\n' });
  await run('retention', 'set', '90', '--department', '7');
  await run('retention', 'set', 'forever', '--group', '12');
  expect((await run('retention', 'list')).stdout).toMatch(
    /^1\tinstallation\t-\t-\t730\t\S+Z\n3\tgroup\t12\tteam\tforever\t\S+Z\n2\tdepartment\t7\tlaw\t90\t\S+Z\n$/,
  );
  const [first] = (await run('retention', 'list', '--json')).stdout.split('\n');
  expect(JSON.parse(first!)).toMatchObject({ id: 1, scope: 'installation', days: 730 });
  expect((await run('retention', 'remove', '2')).stdout).toBe('removed 2\n');
  expect((await run('retention', 'status')).stdout).toBe('nothing has been removed yet\n');
});

it('places, lists and releases holds', async () => {
  expect(await run('hold', 'place', 'case 1', '--user', '3')).toMatchObject({ status: 0, stdout: '1\n' });
  await run('hold', 'place', 'case 1', '--group', '12');
  expect((await run('hold', 'list')).stdout).toMatch(
    /^1\tuser 3\tann\tcase 1\toperator \S.*\t\S+Z\n2\tgroup 12\tteam\tcase 1\toperator \S.*\t\S+Z\n$/,
  );
  expect((await run('hold', 'release', '1')).stdout).toBe('released 1\n');
  expect(JSON.parse((await run('hold', 'list', '--json')).stdout)).toMatchObject({ id: 2, groupId: 12 });
});

it('erases who has left; the certificate is there when it has finished', async () => {
  expect(await run('erase', 'user', '4', 'request 1')).toMatchObject({ status: 0, stdout: '1\n' });
  expect((await run('erase', 'list')).stdout).toMatch(
    /^1\tuser 4\t0\t0\trequest 1\toperator \S.*\t\S+Z\tin progress\n$/,
  );
  expect((await run('erase', 'certificate', '1')).stderr).toContain('erasure 1 is in progress');
  await sql.query('UPDATE erasure SET finished_at = now()');
  expect(JSON.parse((await run('erase', 'certificate', '1')).stdout)).toMatchObject({
    id: 1,
    name: 'erased-4',
  });
});

it.each([
  [['retention', 'set', '90', '--department', '8'], /there is no department 8/],
  [['retention', 'set', '90', '--department', '7', '--group', '12'], /not both/],
  [['retention', 'remove', '99'], /there is no rule 99/],
  [['hold', 'place', 'x'], /exactly one of --user and --group is required/],
  [['hold', 'place', 'x', '--user', '99'], /there is no user 99/],
  [['hold', 'release', '99'], /there is no hold 99/],
  [['erase', 'user', '3', 'x'], /has not left/],
  [['erase', 'certificate', '9'], /there is no erasure 9/],
])('%s: refused, and why', async (words, why) => {
  const outcome = await run(...words);
  expect(outcome.status).toBe(1);
  expect(outcome.stderr).toMatch(why);
});
