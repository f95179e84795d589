import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addUser } from '../accounts/add-user.js';
import { addApp } from '../apps/apps.js';
import { openDataSource } from '../database/data-source.js';
import type { Database } from '../database/database.js';
import { migrateDown, migrateUp } from '../database/migrator.js';
import { migrations } from '../migrations/index.js';
import type { Migration } from '../migrations/migration.js';
import { cheapArgon2, createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { auditEvents, hashOf, type RecordedEvent, verifyAudit } from './audit-log.js';
import { auditedTransaction, openAudit, purgeAuditEvents } from './record-event.js';

const actor = { name: 'operator test', asUser: 0, source: 'here' };
let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
  // The events of the migrations that came after the audit.
  await sql('ALTER TABLE audit_event DISABLE TRIGGER USER');
  await sql('TRUNCATE audit_event');
  await sql(`UPDATE audit_head SET id = 0, hash = decode(repeat('00', 32), 'hex')`);
  await sql('ALTER TABLE audit_event ENABLE TRIGGER USER');
});
afterEach(() => database.drop());

const sql = (text: string, values: unknown[] = []) => database.dataSource.query(text, values);

function record(verb: string, after: object = { text: 'ü: {"}' }): Promise<void> {
  return auditedTransaction(database.dataSource, actor, (_, write) => write({ verb, resource: 'x', after }));
}

async function events(): Promise<RecordedEvent[]> {
  const all: RecordedEvent[] = [];
  for await (const event of auditEvents(database.dataSource)) all.push(event);
  return all;
}

describe('the chain', () => {
  it('counts without gaps, whoever writes at the same time, and rolls back with the change', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => record(`verb.${i}`)));
    await expect(
      auditedTransaction(database.dataSource, actor, async (_, write) => {
        await write({ verb: 'undone', resource: 'x' });
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    await record('last');
    const verdict = await verifyAudit(database.dataSource);
    expect(verdict).toMatchObject({ intact: true, events: 21, first: 1, last: { id: 21 } });
    expect((await events()).map(({ verb }) => verb)).not.toContain('undone');
  });

  it.each([
    'UPDATE audit_event SET after = NULL',
    'DELETE FROM audit_event',
    'DELETE FROM audit_event WHERE id = 1',
    'TRUNCATE audit_event',
  ])('refuses %s', async (statement) => {
    await record('a');
    await expect(sql(statement)).rejects.toThrow('audit events cannot be changed');
    expect(await events()).toHaveLength(1);
  });

  it('is out of reach for a role that may only read and insert', async () => {
    const role = `audit_writer_${process.pid}`;
    await sql(`CREATE ROLE ${role}`);
    try {
      await sql(`GRANT SELECT, INSERT ON audit_event TO ${role}`);
      const asRole = (statement: string) =>
        database.dataSource.transaction(async (manager) => {
          await manager.query(`SET LOCAL ROLE ${role}`);
          await manager.query(statement);
        });
      await asRole(`INSERT INTO audit_event (actor, source, verb, resource) VALUES ('a', 'b', 'c', 'd')`);
      for (const statement of [
        `UPDATE audit_event SET verb = 'x'`,
        'DELETE FROM audit_event',
        'TRUNCATE audit_event',
        'UPDATE audit_head SET id = 0',
        'ALTER TABLE audit_event DISABLE TRIGGER USER',
      ]) {
        await expect(asRole(statement), statement).rejects.toThrow(/permission denied|must be owner/);
      }
      expect(await verifyAudit(database.dataSource)).toMatchObject({ intact: true, events: 1 });
    } finally {
      await sql(`DROP OWNED BY ${role}`);
      await sql(`DROP ROLE ${role}`);
    }
  });

  it.each([
    [`UPDATE audit_event SET after = '{}' WHERE id = 3`, 'event 3 was changed'],
    [`UPDATE audit_event SET at = at + interval '1 s' WHERE id = 3`, 'event 3 was changed'],
    ['DELETE FROM audit_event WHERE id = 3', 'event 3 is missing'],
    ['DELETE FROM audit_event WHERE id = 1', 'the events before 2 are missing'],
    ['DELETE FROM audit_event WHERE id = 5', 'the newest event is 4, and ought to be 5'],
    ['DELETE FROM audit_event', 'the newest event is 0, and ought to be 5'],
  ])('shows %s by whoever can switch triggers off', async (statement, problem) => {
    for (const verb of ['a', 'b', 'c', 'd', 'e']) await record(verb);
    await sql('ALTER TABLE audit_event DISABLE TRIGGER USER');
    await sql(statement);
    expect(await verifyAudit(database.dataSource)).toEqual({
      intact: false,
      problem,
      fault: expect.objectContaining({ code: expect.stringMatching(/^[a-z-]+$/) }),
    });
  });

  it('shows that all of it was written anew to whoever kept a hash', async () => {
    await record('a');
    await record('b');
    const before = await verifyAudit(database.dataSource);
    if (!before.intact) throw new Error(before.problem);
    expect(await verifyAudit(database.dataSource, before.last)).toMatchObject({ intact: true });
    await rewrite((event) => ({ ...event, actor: 'operator another' }));
    expect(await verifyAudit(database.dataSource)).toMatchObject({ intact: true });
    expect(await verifyAudit(database.dataSource, before.last)).toMatchObject({ intact: false });
  });
});

/** Replaces every event, as whoever owns the table could, with the right hashes. */
async function rewrite(change: (event: RecordedEvent) => RecordedEvent): Promise<void> {
  const all = await events();
  await sql('ALTER TABLE audit_event DISABLE TRIGGER USER');
  let prevHash = '0'.repeat(64);
  for (const event of all) {
    const changed = { ...change(event), prevHash };
    prevHash = hashOf(changed);
    await sql(
      `UPDATE audit_event SET at = $2, actor = $3, prev_hash = decode($4, 'hex'), hash = decode($5, 'hex') WHERE id = $1`,
      [event.id, changed.at, changed.actor, changed.prevHash, prevHash],
    );
  }
  await sql(`UPDATE audit_head SET hash = decode($1, 'hex')`, [prevHash]);
  await sql('ALTER TABLE audit_event ENABLE TRIGGER USER');
}

it('migrations that are applied and taken back are recorded', async () => {
  class Newer1999000000000 implements Migration {
    readonly name = 'Newer1999000000000';
    async up(): Promise<void> {}
    async down(): Promise<void> {}
  }
  const dataSource = await openDataSource(database.url, { migrations: [...migrations, Newer1999000000000] });
  try {
    await migrateUp(dataSource);
    await migrateDown(dataSource);
  } finally {
    await dataSource.destroy();
  }
  expect((await events()).map(({ verb, resource }) => [verb, resource])).toEqual([
    ['schema.up', 'migration Newer1999000000000'],
    ['schema.down', 'migration Newer1999000000000'],
  ]);
});

describe('on a replica', () => {
  let context: TestContext;
  beforeEach(async () => {
    context = await createTestContext(database.url);
  });
  afterEach(() => context.close());

  it('old events expire, at most once a day, and the rest can still be verified', async () => {
    for (const verb of ['a', 'b', 'c', 'd']) await record(verb);
    const aged = ['2020-01-01T00:00:00.000001Z', '2020-01-01T12:00:00.000000Z'];
    await rewrite((event) => ({ ...event, at: aged[event.id - 1] ?? event.at }));
    const purge = purgeAuditEvents(context.database as Database, 30);
    expect(await purge()).toBe(2);
    expect(await purge()).toBe(0);
    expect((await events()).map(({ id, verb }) => [id, verb])).toEqual([
      [3, 'c'],
      [4, 'd'],
      [5, 'audit.expire'],
    ]);
    expect(await verifyAudit(database.dataSource)).toMatchObject({ intact: true, events: 3, first: 3 });
    // Nothing of the last 30 days, whoever asks.
    expect(await sql(`SELECT expire_audit_events(now(), 100)::int4 AS removed`)).toEqual([{ removed: 0 }]);
  });

  it('a file that its receiver deletes is recorded', async () => {
    const [from, to] = [await user('from'), await user('to')];
    await sql(
      `INSERT INTO file_task (id, from_id, to_id, name, size, offline, stored, sha256, completed_at, expires_at)
       VALUES ('t', $1, $2, 'plan.pdf', 3, true, 3, $3, now(), now() + interval '1 h')`,
      [from, to, Buffer.alloc(32)],
    );
    expect(await context.offlineFiles.delete('t', to, from, '10.1.1.1')).toBe(false);
    expect(await context.offlineFiles.delete('t', from, to, '10.1.1.1')).toBe(true);
    expect((await events()).at(-1)).toMatchObject({
      actor: `user ${to}`,
      source: '10.1.1.1',
      verb: 'file.delete',
      resource: 'file t',
      before: JSON.stringify({ fromUserId: from, toUserId: to, name: 'plan.pdf', size: 3 }),
    });
  });

  it('an event has what was changed, before and after, and of a password only that it was set', async () => {
    const id = await user('ann');
    const fields = {
      ...{ name: null, nickName: 'Ann', realName: null, gender: null, avatarUrl: null, departmentId: null },
      ...{ email: null, tel: null, signInfo: null, disabled: true, passwordHash: 'a hash' },
    };
    await context.userAdministration.change(id, fields, { name: 'app hr', asUser: 0, source: '::1' });
    const event = (await events()).at(-1)!;
    expect(event).toMatchObject({
      actor: 'app hr',
      source: '::1',
      verb: 'user.change',
      resource: `user ${id}`,
    });
    expect(JSON.parse(event.before!)).toEqual({ nickName: 'ann', disabled: false });
    expect(JSON.parse(event.after!)).toEqual({ nickName: 'Ann', disabled: true, password: 'set' });
  });

  it('who waits for the chain are administrators, not clients', async () => {
    const [ann, ben] = [await user('ann'), await user('ben')];
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let taken = () => {};
    const isTaken = new Promise<void>((resolve) => {
      taken = resolve;
    });
    const holder = context.database.transaction('holder', async (query) => {
      await openAudit(query, actor);
      taken();
      await held;
    });
    await isTaken;
    const app = { name: 'a', permissions: ['p2p'], addresses: [], signs: false };
    let added = false;
    const adding = addApp(database.dataSource, app).then(() => {
      added = true;
    });
    const group = { type: 2, name: 'g', avatar: '', creatorId: ann, needsCreator: true, memberIds: [ann] };
    const made = await context.groups.create(group);
    if (made.result !== 'created') throw new Error(made.result);
    const change = { groupId: made.id, kind: 'add', userId: ann, byAdmin: false, userIds: [ben] } as const;
    expect(await context.memberChanges.change(change)).toMatchObject({ changed: [ben] });
    await context.userSettings.setSignature(ann, 'hello');
    expect(added).toBe(false);
    release();
    await Promise.all([holder, adding]);
    expect(await verifyAudit(database.dataSource)).toMatchObject({ intact: true });
  });

  const user = (name: string) => addUser(database.dataSource, { name, password: 'x' }, cheapArgon2, actor);
});
