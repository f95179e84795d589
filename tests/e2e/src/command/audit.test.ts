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
    await run('webhook', 'add', 'ci', 'https://ci/hooks/the-token', '--events', 'message', '--bot', '1'),
  ];
  await sql.query(
    `INSERT INTO webhook_event (webhook_id, key, event, data, failed_at)
     SELECT id, 'k', 'message', '{}', now() FROM webhook`,
  );
  outcomes.push(await run('webhook', 'retry', 'ci'), await run('webhook', 'remove', 'ci'));
  expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map(() => 0));
  // What changes nothing is no event.
  await run('user', 'add', 'robot');
  await run('seed', '--users', '3');
  await run('app', 'revoke', 'shop');
  await run('webhook', 'remove', 'ci');
  await run('webhook', 'retry', 'ci');

  const events = await eventsAfter(before);
  expect(events.map(({ verb }) => verb)).toEqual([
    'user.create',
    'user.seed',
    'app.create',
    'app.create',
    'app.revoke',
    'webhook.create',
    'webhook.retry',
    'webhook.delete',
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
    ...outcomes.flatMap(({ stdout }) => stdout.match(/^[\w-]{43}$/m) ?? []),
  ];
  expect(secrets).toHaveLength(5);
  for (const secret of secrets) expect(everything).not.toContain(secret);
});

it('knows of every function that commands use', () => {
  const audited = [
    ...['addUser', 'seedUsers', 'addApp', 'revokeApp', 'addWebhook', 'removeWebhook', 'retryDeadLetters'],
    ...['migrateUp', 'migrateDown'],
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
      'pushDevicesOf',
      'pushHistory',
    ],
    ...['hashPassword', 'loadConfig', 'openDataSource', 'startDbProxyServer', 'usualPermissions'],
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
