import * as functions from '@teamtalk/db_proxy_server';
import { type TestDatabase, testDatabase } from '@teamtalk/local-stack';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Outcome, teamtalk } from './run.js';

let database: TestDatabase;
let sql: pg.Client;

beforeAll(async () => {
  database = await testDatabase();
  sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

const run = (...words: string[]): Promise<Outcome> => teamtalk(words, { DATABASE_URL: database.url });

interface Event {
  id: number;
  actor: string;
  source: string;
  verb: string;
  before: object | null;
  after: object | null;
}

async function eventsAfter(id: number): Promise<Event[]> {
  const { stdout } = await run('audit', 'list', '--json', '--after', String(id));
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Event);
}

it('has one event for every command that administers, and no secrets', async () => {
  const before = (await eventsAfter(0)).at(-1)?.id ?? 0;
  const outcomes = [
    await run('user', 'add', 'robot', '--password', 'the-password'),
    await run('seed', '--users', '3', '--password', 'the-password'),
    await run('app', 'create', 'shop', '--ip', '10.0.0.1'),
    await run('app', 'create', 'signer', '--signed'),
    await run('app', 'revoke', 'shop'),
    await run('bot', 'add', 'builder'),
    await run('bot', 'token', 'builder'),
    await run('bot', 'revoke', 'builder'),
    await run('hook', 'add', 'builds', '--as', 'builder', '--to', 'user:1'),
    await run('hook', 'remove', 'builds'),
    await run('webhook', 'add', 'ci', 'https://ci/hooks/the-token', '--events', 'message', '--bot', '1'),
  ];
  await sql.query(
    `INSERT INTO webhook_event (webhook_id, key, event, data, failed_at)
     SELECT id, 'k', 'message', '{}', now() FROM webhook`,
  );
  outcomes.push(await run('webhook', 'retry', 'ci'), await run('webhook', 'remove', 'ci'));
  outcomes.push(await run('console', 'invite', 'boss', '--role', 'owner'));
  outcomes.push(await run('console', 'invite', 'boss'));
  outcomes.push(await run('retention', 'set', '365'), await run('retention', 'remove', '1'));
  outcomes.push(await run('hold', 'place', 'case', '--user', '1'), await run('hold', 'release', '1'));
  await sql.query(`INSERT INTO im_user (id, name, password_hash, status) VALUES (99, 'leaver', '!', 3)`);
  outcomes.push(await run('erase', 'user', '99', 'request'));
  outcomes.push(await run('export', 'request', 'case', '--user', '1'));
  await sql.query(
    `INSERT INTO console_second_factor (account_id, key_id, sealed, confirmed_at)
     SELECT id, '', '', now() FROM console_account`,
  );
  outcomes.push(await run('console', 'reset-second-factor', 'boss'));
  await sql.query(
    `INSERT INTO login_failure (name, place, failed_at, last_at) VALUES ($1, '192.0.2.1', ARRAY[now()], now())`,
    [`${'console'.padEnd(64)} boss`],
  );
  outcomes.push(await run('console', 'unlock', 'boss'));
  const failures = await sql.query('SELECT FROM login_failure');
  expect(failures.rowCount).toBe(0);
  expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map(() => 0));
  // What changes nothing is no event.
  await run('user', 'add', 'robot');
  await run('seed', '--users', '3');
  await run('app', 'revoke', 'shop');
  await run('bot', 'add', 'builder');
  await run('bot', 'revoke', 'builder');
  await run('hook', 'remove', 'builds');
  await run('webhook', 'remove', 'ci');
  await run('webhook', 'retry', 'ci');
  await run('retention', 'remove', '1');
  await run('hold', 'release', '1');
  await run('erase', 'user', '99', 'request');
  await run('export', 'request', 'case', '--user', '1');
  await run('console', 'reset-second-factor', 'boss');
  await run('console', 'unlock', 'boss');
  expect(await run('console', 'unlock', 'nobody')).toMatchObject({
    status: 1,
    stderr: 'teamtalk: there is no account nobody\n',
  });

  const events = await eventsAfter(before);
  expect(events.map(({ verb }) => verb)).toEqual([
    'user.create',
    'user.seed',
    'app.create',
    'app.create',
    'app.revoke',
    'bot.create',
    'bot.token',
    'bot.token',
    'hook.create',
    'hook.delete',
    'webhook.create',
    'webhook.retry',
    'webhook.delete',
    'account.create',
    'account.invite',
    'retention.set',
    'retention.remove',
    'hold.place',
    'hold.release',
    'erasure.request',
    'export.request',
    'account.second-factor-reset',
    'account.unlock',
  ]);
  for (const { actor, source } of events) {
    expect(actor).toMatch(/^operator ./);
    expect(source).not.toBe('');
  }
  expect(events[0]?.after).toMatchObject({ name: 'robot', password: 'set' });
  expect(events[2]?.after).toMatchObject({ name: 'shop', addresses: ['10.0.0.1/32'] });
  const everything = (await run('audit', 'export')).stdout;
  const secrets = [
    'the-password',
    'the-token',
    ...outcomes.flatMap(({ stdout }) => stdout.match(/[\w+/-]{43}=?$/m) ?? []),
  ];
  expect(secrets).toHaveLength(10);
  for (const secret of secrets) expect(everything).not.toContain(secret);
});

it('prints each row on one line without control sequences, whatever the names contain', async () => {
  const nickName = 'x\n9\tmallory\u001b]0;y\u0007\u009b2J\u2028';
  await sql.query(`UPDATE im_user SET nick_name = $1 WHERE name = 'robot'`, [nickName]);
  const { stdout } = await run('user', 'list');
  expect(stdout).toMatch(/^\d+\trobot\t0\tx 9 mallory \]0;y 2J $/m);
  expect(stdout.replaceAll(/[\t\n]/g, '')).not.toMatch(/[\p{Cc}\u2028]/u);
  const json = (await run('user', 'list', '--json')).stdout;
  expect(json.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u2028]/u);
  expect(
    json
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as object),
  ).toContainEqual(expect.objectContaining({ nickName }));
});

it('knows of every function that commands use', () => {
  const audited = [
    ...['addUser', 'seedUsers', 'addApp', 'revokeApp', 'addWebhook', 'removeWebhook', 'retryDeadLetters'],
    ...[
      'Bots',
      'ConsoleAccounts',
      'Hooks',
      'migrateUp',
      'migrateDown',
      'setPushCredential',
      'rotatePushCredentials',
      'removePushCredential',
    ],
    ...['inviteFirstOwner', 'inviteToConsole', 'Erasures', 'LegalHolds', 'MessageExports', 'RetentionRules'],
    // Records an event for each user, tested in services/db_proxy_server/src/accounts/imports.
    'UserImports',
  ];
  const changeNothing = [
    ...[
      'auditEvents',
      'verifyAudit',
      'deadLetters',
      'listApps',
      'listWebhooks',
      'migrationStatus',
      'readGrants',
      'whyNothing',
      'findPushUser',
      'queryOn',
      'databaseOf',
      'listPushCredentials',
      'pushDevicesOf',
      'pushHistory',
      'exportedMessages',
    ],
    ...['hashPassword', 'loadConfig', 'openDataSource', 'startDbProxyServer', 'usualPermissions'],
    // Used by the import, tested in tests/migration.
    ...['openAudit', 'operator'],
  ];
  const names = Object.entries(functions).flatMap(([name, each]) =>
    typeof each === 'function' ? [name] : [],
  );
  expect(names.sort()).toEqual([...audited, ...changeNothing].sort());
});

it('verify says which event was changed, and that none was', async () => {
  const verified = await run('audit', 'verify');
  expect(verified).toMatchObject({ status: 0 });
  const known = /(\d+:[0-9a-f]{64})\n$/.exec(verified.stdout)?.[1] as string;
  await run('user', 'add', 'another');
  expect(await run('audit', 'verify', '--known', known)).toMatchObject({ status: 0 });
  await sql.query('ALTER TABLE audit_event DISABLE TRIGGER USER');
  await sql.query(`UPDATE audit_event SET actor = 'operator somebody else' WHERE verb = 'app.revoke'`);
  expect(await run('audit', 'verify')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/event \d+ was changed/),
  });
});
