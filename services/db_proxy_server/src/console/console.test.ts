import { randomBytes } from 'node:crypto';
import {
  administration,
  apps,
  bots,
  consoleApi,
  consoleApps,
  consoleBroadcasts,
  consoleGroups,
  consoleMethods,
  consolePushes,
  consoleRoles,
  consoleWebhooks,
  consoleWork,
  departmentRole,
  groups,
  lifecycle,
  type Method,
  mayInConsole,
  messages,
} from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { administerDepartments } from '../accounts/administer-departments.js';
import { administerUsers } from '../accounts/administer-users.js';
import { botsRpc } from '../bots/rpc.js';
import { administerDiscovery } from '../discovery-items/administer-discovery.js';
import { administerGroups } from '../groups/administer-groups.js';
import { groupsRpc } from '../groups/rpc.js';
import { administerDevices } from '../push/administer-devices.js';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { inviteFirstOwner, inviteToConsole } from './invite.js';
import { consoleRpc } from './rpc.js';

const { CALL_DONE, CALL_NO_SESSION, CALL_NOT_PERMITTED } = consoleApi.console.CallResult;
const { LOG_IN_DONE, LOG_IN_REFUSED } = consoleApi.console.LogInResult;
const password = 'correct horse battery';

let database: TestDatabase;
let context: TestContext;
let rpc: ReturnType<typeof consoleRpc>;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  rpc = consoleRpc(context, {
    administration: {
      ...administerUsers(context),
      ...administerDepartments(context),
      ...administerGroups(context),
      ...administerDiscovery(context),
      ...administerDevices(context),
    },
    groups: groupsRpc(context),
    bots: botsRpc(context),
    broadcasts: { wake() {} },
    bus: { request: () => Promise.reject(new TeamTalkError('unavailable', 'there is no push_server')) },
  });
});
afterAll(async () => {
  await context.close();
  await database.drop();
});

const { SetUpRequest, LogInRequest, CallRequest } = consoleApi.console;

async function setUp(token: string): Promise<{ result: unknown; session: Buffer }> {
  const session = randomBytes(32);
  const request = new SetUpRequest({ token, password, session, address: '10.0.0.1', userAgent: 'test' });
  return { result: (await rpc.setUp(request)).result, session };
}

let accounts = 0;

/** @param departmentId for a department administrator */
async function sessionOf(
  role: string,
  departmentId: number | null = null,
): Promise<{ name: string; session: Buffer }> {
  const name = `${role} ${++accounts}`;
  const { token } = await inviteToConsole(database.dataSource, { name, role, departmentId });
  const { result, session } = await setUp(token);
  expect(result).toBe(LOG_IN_DONE);
  return { name, session };
}

async function call<RequestIn, RequestOut, ReplyIn, ReplyOut>(
  session: Buffer,
  method: Method<RequestIn, RequestOut, ReplyIn, ReplyOut>,
  request: RequestIn,
): Promise<{ result: unknown; reply: ReplyOut }> {
  const bytes = method.requestSerialize(request);
  const asked = new CallRequest({ session, address: '10.0.0.1', method: method.path, request: bytes });
  const { result, reply } = await rpc.call(asked);
  return { result, reply: method.responseDeserialize(Buffer.from(reply ?? [])) as ReplyOut };
}

const events = () =>
  database.dataSource.query('SELECT actor, source, verb, after FROM audit_event ORDER BY id DESC LIMIT 1');

it('the first owner is invited until somebody has chosen a password', async () => {
  const first = await inviteFirstOwner(database.dataSource);
  const second = await inviteFirstOwner(database.dataSource);
  expect((await setUp(first?.token ?? '')).result).toBe(LOG_IN_REFUSED);
  expect((await setUp(second?.token ?? '')).result).toBe(LOG_IN_DONE);
  expect(await inviteFirstOwner(database.dataSource)).toBeUndefined();
});

it.each([
  [{ name: 'somebody' }, 'give its role'],
  [{ name: 'somebody', role: 'king' }, 'there is no role king'],
  [{ name: 'somebody', role: 'viewer', departmentId: 1 }, 'the role viewer has no department'],
  [{ name: 'somebody', role: 'department_administrator' }, 'needs a department'],
  [{ name: 'x', role: 'department_administrator', departmentId: 999 }, 'there is no department 999'],
  [{ name: 'x'.repeat(65), role: 'viewer' }, 'a name has 1 to 64 characters'],
])('an invitation of %j is refused', async (wanted, problem) => {
  await expect(inviteToConsole(database.dataSource, wanted)).rejects.toThrow(problem);
});

it('every method of the table exists, and db_proxy_server itself checks which role may call it', async () => {
  const all: Method<object, object, object, object>[] = [
    administration,
    bots,
    groups,
    consoleApps,
    consoleBroadcasts,
    consoleGroups,
    consolePushes,
    consoleWebhooks,
    consoleWork,
    lifecycle,
  ].flatMap((service) => Object.values(service) as never);
  const listed = all.filter(({ path }) => consoleMethods.has(path));
  expect(listed).toHaveLength(consoleMethods.size);
  // What a department administrator may do depends on the request and is tested below.
  for (const role of consoleRoles.filter((each) => each !== departmentRole)) {
    for (const method of listed) {
      // A new session each time, since some methods end it.
      const { session } = await sessionOf(role);
      const needs = consoleMethods.get(method.path)?.({}) ?? [];
      const may = needs.every((permission) => mayInConsole(role, permission));
      const outcome = await call(session, method, {}).then(
        ({ result }) => result,
        // Requests are empty: the method itself refuses them if the role may call it.
        () => CALL_DONE,
      );
      expect(outcome, `${method.path} by ${role}`).toBe(may ? CALL_DONE : CALL_NOT_PERMITTED);
    }
  }
}, 60_000);

it('nobody can call a method that is not in the table', async () => {
  const { session } = await sessionOf('owner');
  for (const method of [apps.listApps, messages.getHistory, administration.getReceipts, groups.shieldGroup]) {
    await expect(call(session, method as typeof apps.listApps, {})).rejects.toThrow(
      'cannot be called from the console',
    );
  }
});

it('calls without a session, or with one that has ended, are refused', async () => {
  for (const session of [Buffer.alloc(0), randomBytes(32), randomBytes(31)]) {
    expect((await call(session, consoleWork.getCounts, {})).result).toBe(CALL_NO_SESSION);
  }
});

it('the actor is the account, whatever the caller claims', async () => {
  const { name, session } = await sessionOf('administrator');
  const actor = { name: 'operator root', asUser: 7, source: 'elsewhere' };
  const fields = { name: 'ann', passwordMd5: 'd41d8cd98f00b204e9800998ecf8427e' };
  const { result } = await call(session, administration.createUser, { fields, actor });
  expect(result).toBe(CALL_DONE);
  expect(await events()).toMatchObject([
    { actor: `console ${name}`, source: '10.0.0.1', verb: 'user.create', after: { password: 'set' } },
  ]);
});

it('the help desk may set a password, but no other field with it', async () => {
  const { session } = await sessionOf('help_desk');
  const admin = await sessionOf('administrator');
  const { reply } = await call(admin.session, administration.createUser, { fields: { name: 'ben' } });
  const change = async (fields: object) =>
    (await call(session, administration.changeUser, { userId: reply.id, fields })).result;
  const passwordMd5 = 'd41d8cd98f00b204e9800998ecf8427e';
  expect(await change({ passwordMd5 })).toBe(CALL_DONE);
  expect(await change({ passwordMd5, disabled: false })).toBe(CALL_NOT_PERMITTED);
  expect(await change({ passwordMd5, tel: '' })).toBe(CALL_NOT_PERMITTED);
  expect(await change({})).toBe(CALL_NOT_PERMITTED);
});

it('finds users by any of their names, page by page by id, and users who have left separately', async () => {
  const { session } = await sessionOf('administrator');
  await database.dataSource.query(
    `INSERT INTO im_user (name, nick_name, tel, password_hash, status)
     SELECT 'search' || i, CASE WHEN i % 2 = 0 THEN '张伟' ELSE '100%_' END, '555' || i, '!',
       CASE WHEN i > 8 THEN 3 ELSE 0 END FROM generate_series(1, 10) AS i`,
  );
  const find = async (filter: object) => {
    const { reply } = await call(session, administration.findUsers, { limit: 100, ...filter });
    return (reply.users as { name: string }[]).map((user) => user.name);
  };
  expect(await find({ text: '张伟' })).toEqual(['search2', 'search4', 'search6', 'search8', 'search10']);
  expect(await find({ text: 'SEARCH1' })).toEqual(['search1', 'search10']);
  expect(await find({ text: '%_' })).toHaveLength(5);
  expect(await find({ text: '5553' })).toEqual(['search3']);
  expect(await find({ text: 'search', status: 2 })).toEqual(['search9', 'search10']);
  expect(await find({ text: 'search', status: 1, limit: 3 })).toEqual(['search1', 'search2', 'search3']);
});

it('lists what administrators did, newest first and page by page, and verifies the chain', async () => {
  const { session } = await sessionOf('auditor');
  const list = async (filter: object) => {
    const { reply } = await call(session, consoleWork.listAuditEvents, { limit: 3, ...filter });
    return reply.events as { eventId: number; verb: string; after: string }[];
  };
  const newest = await list({});
  expect(newest.map(({ verb }) => verb)).toEqual(['account.set-up', 'account.create', expect.any(String)]);
  expect(JSON.parse(newest[1]?.after ?? '')).toMatchObject({ role: 'auditor' });
  const [, second, third] = newest;
  expect((await list({ before: second?.eventId }))[0]).toEqual(third);
  const verbs = await list({ verb: 'user.' });
  expect(verbs.length).toBeGreaterThan(0);
  for (const { verb } of verbs) expect(verb).toMatch(/^user\./);
  expect(await list({ by: 'nobody' })).toEqual([]);
  const { reply } = await call(session, consoleWork.verifyAudit, {});
  expect(reply).toMatchObject({ problem: '', last: newest[0]?.eventId });
  expect(reply.lastHash).toMatch(/^[0-9a-f]{64}$/);
});

it('an account whose role this version does not know may do nothing', async () => {
  const { name, session } = await sessionOf('viewer');
  await database.dataSource.query(`UPDATE console_account SET role = 'emperor' WHERE name = $1`, [name]);
  expect((await call(session, consoleWork.getCounts, {})).result).toBe(CALL_NOT_PERMITTED);
});

it('sessions that have ended are removed', async () => {
  await sessionOf('viewer');
  await database.dataSource.query(`UPDATE console_session SET seen_at = now() - interval '31 minutes'`);
  expect(await context.consoleSessions.purge()).toBeGreaterThan(0);
  expect(await database.dataSource.query('SELECT id FROM console_session')).toEqual([]);
});

it('a login beyond twenty open sessions ends the oldest', async () => {
  const { name, session } = await sessionOf('viewer');
  for (let i = 0; i < 20; i++) {
    const request = { name, password, session: randomBytes(32), address: '10.0.0.1', userAgent: '' };
    expect((await rpc.logIn(new LogInRequest(request))).result).toBe(LOG_IN_DONE);
  }
  expect((await call(session, consoleWork.listOwnSessions, {})).result).toBe(CALL_NO_SESSION);
});

it('a department administrator is restricted to a department and those below it', async () => {
  const add = async (name: string, parentId = 0): Promise<number> => {
    const text = 'INSERT INTO department (name, parent_id) VALUES ($1, $2) RETURNING id';
    return (await database.dataSource.query(text, [name, parentId]))[0].id;
  };
  const addUser = async (name: string, departmentId: number): Promise<number> => {
    const text = `INSERT INTO im_user (name, department_id, password_hash) VALUES ($1, $2, '!') RETURNING id`;
    return (await database.dataSource.query(text, [name, departmentId]))[0].id;
  };
  const root = await add('root');
  const [below, beside] = [await add('below', root), await add('beside')];
  const [inside, outside] = [await addUser('in 1', below), await addUser('out 1', beside)];
  const nowhere = await addUser('out 2', 0);
  const { session } = await sessionOf('department_administrator', root);
  const resultOf = async <In, Out, ReplyIn, ReplyOut>(
    method: Method<In, Out, ReplyIn, ReplyOut>,
    request: In,
  ) => (await call(session, method, request)).result;

  const { reply } = await call(session, administration.findUsers, { limit: 100 });
  expect((reply.users as { userId: number }[]).map(({ userId }) => userId)).toEqual([inside]);
  const asked = { userId: outside, limit: 1, departmentIds: [beside] };
  expect((await call(session, administration.findUsers, asked)).reply.users).toEqual([]);

  const passwordMd5 = 'd41d8cd98f00b204e9800998ecf8427e';
  const changes: [number, object, boolean][] = [
    [inside, { tel: '1' }, true],
    [inside, { passwordMd5 }, true],
    [inside, { departmentId: root }, true],
    [inside, { departmentId: beside }, false],
    [inside, { departmentId: 0 }, false],
    [outside, { tel: '1' }, false],
    [outside, { passwordMd5 }, false],
    [outside, { departmentId: below }, false],
    [nowhere, { disabled: true }, false],
    [0, { tel: '1' }, false],
  ];
  for (const [userId, fields, may] of changes) {
    const result = await resultOf(administration.changeUser, { userId, fields });
    expect(result, JSON.stringify({ userId, fields })).toBe(may ? CALL_DONE : CALL_NOT_PERMITTED);
  }
  const create = (fields: object) => resultOf(administration.createUser, { fields });
  expect(await create({ name: 'in 2', departmentId: below })).toBe(CALL_DONE);
  expect(await create({ name: 'out 3', departmentId: beside })).toBe(CALL_NOT_PERMITTED);
  expect(await create({ name: 'out 3' })).toBe(CALL_NOT_PERMITTED);
  for (const method of [
    administration.recordSessionEnd,
    administration.listDevices,
    administration.listPushes,
    consoleWork.listLoginFailures,
    consoleWork.unlockUser,
  ]) {
    const ofUser = method as unknown as typeof administration.listDevices;
    expect(await resultOf(ofUser, { userId: inside })).toBe(CALL_DONE);
    expect(await resultOf(ofUser, { userId: outside })).toBe(CALL_NOT_PERMITTED);
  }

  const move = (departmentId: number, fields: object) =>
    resultOf(administration.changeDepartment, { departmentId, fields });
  expect(await move(root, { name: 'roots' })).toBe(CALL_DONE);
  expect(await move(root, { parentId: below })).toBe(CALL_NOT_PERMITTED);
  expect(await move(below, { parentId: beside })).toBe(CALL_NOT_PERMITTED);
  expect(await move(below, { parentId: 0 })).toBe(CALL_NOT_PERMITTED);
  expect(await move(beside, { parentId: root })).toBe(CALL_NOT_PERMITTED);
  const found = (fields: object) => resultOf(administration.createDepartment, { fields });
  expect(await found({ name: 'new', parentId: below })).toBe(CALL_DONE);
  expect(await found({ name: 'newer', parentId: beside })).toBe(CALL_NOT_PERMITTED);
  expect(await found({ name: 'newest' })).toBe(CALL_NOT_PERMITTED);
  const remove = (id: number) => resultOf(administration.deleteDepartment, { id });
  expect(await remove(root)).toBe(CALL_NOT_PERMITTED);
  expect(await remove(beside)).toBe(CALL_NOT_PERMITTED);

  const ownViews: object[] = [
    consoleWork.listSavedViews,
    consoleWork.saveView,
    consoleWork.renameView,
    consoleWork.deleteView,
  ];
  for (const method of Object.values({ ...groups, ...consoleWork, ...lifecycle })) {
    // These, and methods without a permission, concern the caller's own account.
    if (ownViews.includes(method) || !consoleMethods.get(method.path)?.({}).length) continue;
    expect(await resultOf(method as typeof consoleWork.getCounts, {}), method.path).toBe(CALL_NOT_PERMITTED);
  }
  await database.dataSource.query('UPDATE department SET status = 1 WHERE id = $1', [root]);
  expect(await resultOf(administration.findUsers, { limit: 100 })).toBe(CALL_NOT_PERMITTED);
});
