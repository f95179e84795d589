import { appPermissions } from '@teamtalk/db_proxy_server';
import { testDatabase } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Outcome, teamtalk } from './run.js';

let env: NodeJS.ProcessEnv;
let drop: () => Promise<void>;

beforeAll(async () => {
  const database = await testDatabase();
  env = { DATABASE_URL: database.url };
  drop = () => database.drop();
});
afterAll(() => drop());

const app = (...words: string[]): Promise<Outcome> => teamtalk(['app', ...words], env);

it('creates, lists and revokes', async () => {
  const created = await app('create', 'shop');
  expect(created.status).toBe(0);
  expect(created.stdout).toMatch(/^[\w-]{43}\n$/);
  expect(created.stderr).toContain('not shown again');

  await teamtalk(['user', 'add', 'robot', '--password', 'x'], env);
  const options = [
    '--allow',
    'p2p, users:read',
    '--ip',
    '10.1.2.3/8',
    '--ip',
    '::1',
    '--as',
    '1',
    '--rate',
    '50/s',
  ];
  const limited = await app('create', 'limited', ...options, '--signed');
  expect(limited).toMatchObject({ status: 0 });
  expect((await app('list')).stdout).toBe(
    'limited\tp2p,users:read\t10.0.0.0/8,::1/128\tas 1\t50/s\tsigned\n' +
      'shop\tp2p,broadcast,groups:admin\tanywhere\tas anybody\tany rate\n',
  );

  const lines = (await app('list', '--json')).stdout.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    {
      name: 'limited',
      permissions: ['p2p', 'users:read'],
      userId: 1,
      rate: 50,
      signs: true,
      revokedAt: null,
    },
    { name: 'shop', addresses: [], userId: null, rate: null, signs: false },
  ]);

  expect(await app('revoke', 'shop')).toMatchObject({ status: 0, stdout: 'revoked shop\n' });
  expect(await app('revoke', 'shop')).toMatchObject({ status: 1 });
  expect((await app('list')).stdout).toContain(
    'shop\tp2p,broadcast,groups:admin\tanywhere\tas anybody\tany rate\t(revoked)\n',
  );
});

it('lists the permissions there are in its help, and gives an app with a user no administration', async () => {
  const { stdout } = await app('--help');
  const listed = [...stdout.matchAll(/^ {2}([a-z0-9]+(?::[a-z]+)?) {2,}/gm)].map(([, name]) => name);
  expect(listed).toEqual(expect.arrayContaining([...appPermissions]));
  expect(await app('create', 'bound', '--as', '1')).toMatchObject({ status: 0 });
  expect((await app('list')).stdout).toContain('bound\tp2p,broadcast,group\tanywhere\tas 1\t');
});

it.each([
  [['create', 'x', '--allow', 'everything'], 1, /an app can be allowed: p2p, broadcast/],
  [['create', 'x', '--ip', '10.0.0.0/40'], 1, /10\.0\.0\.0\/40 is no address/],
  [['create', 'x', '--as', '99'], 1, /there is no user 99/],
  [['create', 'limited'], 1, /there is, or was, an app limited/],
  [['create', 'x', '--rate', 'fast'], 2, /must be a rate such as 50/],
])('%s: refused, and why', async (words, status, why) => {
  const outcome = await app(...words);
  expect(outcome.status).toBe(status);
  expect(outcome.stderr).toMatch(why);
});
