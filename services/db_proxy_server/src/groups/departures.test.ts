import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import type { DepartureOutcome } from './departures.js';

const actor = { name: 'console ann', asUser: 0, source: 'here' };
const [leaver, early, late, stranger, gone] = [1, 2, 3, 4, 5] as const;

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
beforeEach(async () => {
  await sql('TRUNCATE im_user, chat_group CASCADE');
  await sql(
    `INSERT INTO im_user (id, name, password_hash, status)
     SELECT n, 'u' || n, '', CASE n WHEN ${gone} THEN 3 ELSE 0 END FROM generate_series(1, 5) AS n`,
  );
});

const sql = (text: string, values: unknown[] = []) => database.dataSource.query(text, values);

/** @param memberIds in order of joining */
async function newGroup(owner: number, memberIds: readonly number[]): Promise<number> {
  const [{ id }] = await sql(
    `INSERT INTO chat_group (name, type, creator_id) VALUES ('g', 1, $1) RETURNING id`,
    [owner],
  );
  await sql(
    `INSERT INTO group_member (group_id, user_id, joined_at)
     SELECT $1, user_id, now() - make_interval(days => 100 - place::int)
     FROM unnest($2::int4[]) WITH ORDINALITY AS m(user_id, place)`,
    [id, memberIds],
  );
  return id;
}

async function group(id: number): Promise<{ owner: number; status: number; members: number[] }> {
  const [row] = await sql(
    `SELECT creator_id AS owner, status,
       array(SELECT user_id FROM group_member WHERE group_id = g.id ORDER BY 1) AS members
     FROM chat_group g WHERE id = $1`,
    [id],
  );
  return row;
}

const setStatus = (status: number) => sql('UPDATE im_user SET status = $2 WHERE id = $1', [leaver, status]);
const leave = (successor = 0) => context.departures.leave(leaver, successor, actor);
const rejoin = () => context.departures.rejoin(leaver, actor);

function groupsIn(outcome: DepartureOutcome) {
  if (outcome.result !== 'done') throw new Error(outcome.result);
  return outcome.groups;
}

async function newestEvents(count: number): Promise<object[]> {
  const rows = await sql(
    `SELECT actor, verb, resource, before, after FROM audit_event ORDER BY id DESC LIMIT ${count}`,
  );
  return rows.reverse();
}

it('leaving transfers owned groups to the longest-standing member, and dissolves a group without others', async () => {
  const own = await newGroup(leaver, [leaver, late, early]);
  const others = await newGroup(early, [early, leaver]);
  const alone = await newGroup(leaver, [leaver]);
  await setStatus(3);
  const groups = groupsIn(await leave());
  expect(groups).toMatchObject([
    { groupId: own, newOwner: late, removed: [leaver], added: [], current: [early, late] },
    { groupId: others, newOwner: 0, current: [early] },
    { groupId: alone, newOwner: 0, current: [] },
  ]);
  expect(await group(own)).toEqual({ owner: late, status: 0, members: [early, late] });
  expect(await group(others)).toEqual({ owner: early, status: 0, members: [early] });
  expect(await group(alone)).toMatchObject({ status: 1, members: [] });
  expect(await newestEvents(3)).toMatchObject([
    {
      actor: 'console ann',
      verb: 'group.remove',
      resource: `group ${own}`,
      before: { creatorId: leaver },
      after: { userIds: [leaver], creatorId: late },
    },
    { verb: 'group.remove', resource: `group ${others}`, before: null },
    { verb: 'group.remove', resource: `group ${alone}`, before: null },
  ]);
  expect(await leave(), 'again').toEqual({ result: 'done', groups: [], remaining: 0 });
});

it('leaving transfers owned groups to a chosen successor, who becomes a member', async () => {
  const own = await newGroup(leaver, [leaver, early]);
  const alone = await newGroup(leaver, [leaver]);
  const others = await newGroup(early, [early, leaver]);
  await setStatus(3);
  expect(await leave(gone)).toEqual({ result: 'unknown-successor' });
  expect(await leave(99)).toEqual({ result: 'unknown-successor' });
  const groups = groupsIn(await leave(stranger));
  expect(groups).toMatchObject([
    { groupId: own, added: [stranger], removed: [], current: [leaver, early, stranger] },
    { groupId: own, added: [], removed: [leaver], newOwner: stranger, current: [early, stranger] },
    { groupId: alone, added: [stranger], removed: [] },
    { groupId: alone, added: [], removed: [leaver], newOwner: stranger },
    { groupId: others, added: [], removed: [leaver], newOwner: 0 },
  ]);
  expect(groups[1]?.version, 'each change has a version of its own for clients').toBeGreaterThan(
    groups[0]?.version ?? 0,
  );
  expect(await group(own)).toEqual({ owner: stranger, status: 0, members: [early, stranger] });
  expect(await group(alone)).toEqual({ owner: stranger, status: 0, members: [stranger] });
  expect(await group(others)).toEqual({ owner: early, status: 0, members: [early] });
});

it('users who have left do not become owners', async () => {
  const own = await newGroup(leaver, [gone, leaver, early]);
  await setStatus(3);
  await leave();
  expect(await group(own)).toMatchObject({ owner: early });
});

it('a restored user rejoins the groups, as owner where the successor still owns them', async () => {
  const [kept, taken, dissolved] = [
    await newGroup(leaver, [leaver, early]),
    await newGroup(leaver, [leaver, early, late]),
    await newGroup(leaver, [leaver]),
  ];
  await setStatus(3);
  await leave();
  await sql('UPDATE chat_group SET creator_id = $2 WHERE id = $1', [taken, late]);
  expect(await rejoin()).toEqual({ result: 'conflict' });
  await setStatus(0);
  expect(groupsIn(await rejoin())).toMatchObject([
    { groupId: kept, newOwner: leaver, added: [leaver], current: [leaver, early] },
    { groupId: taken, newOwner: 0, added: [leaver] },
  ]);
  expect(await group(kept)).toMatchObject({ owner: leaver });
  expect(await group(taken)).toMatchObject({ owner: late, members: [leaver, early, late] });
  expect(await group(dissolved)).toMatchObject({ status: 1, members: [] });
  expect(await newestEvents(2)).toMatchObject([{ verb: 'group.add' }, { verb: 'group.add' }]);
  expect(await rejoin(), 'again').toEqual({ result: 'done', groups: [], remaining: 0 });
});

it('a group whose members have all left returns with the first who is restored, and its owner gets it back', async () => {
  const both = await newGroup(late, [leaver, late]);
  const dissolved = await newGroup(early, [early, leaver]);
  await sql('UPDATE im_user SET status = 3 WHERE id = ANY ($1)', [[leaver, late]]);
  for (const id of [leaver, late]) groupsIn(await context.departures.leave(id, 0, actor));
  await context.dissolvedGroups.dissolve(dissolved, actor);
  expect(await group(both)).toMatchObject({ status: 1, members: [] });

  await sql('UPDATE im_user SET status = 0 WHERE id = ANY ($1)', [[leaver, late]]);
  expect(groupsIn(await rejoin())).toMatchObject([{ groupId: both, added: [leaver], newOwner: leaver }]);
  expect(await group(both)).toEqual({ owner: leaver, status: 0, members: [leaver] });
  expect(groupsIn(await context.departures.rejoin(late, actor))).toMatchObject([
    { groupId: both, added: [late], newOwner: late },
  ]);
  expect(await group(both)).toEqual({ owner: late, status: 0, members: [leaver, late] });
  expect(await group(dissolved)).toMatchObject({ status: 1, members: [] });
});

it('only applies to users who have left, and handles a limited number of groups per call', async () => {
  for (let i = 0; i < 25; i++) await newGroup(early, [early, leaver]);
  expect(await leave()).toEqual({ result: 'conflict' });
  expect(await context.departures.leave(99, 0, actor)).toEqual({ result: 'not-found' });
  await setStatus(3);
  const first = await leave();
  expect(first).toMatchObject({ remaining: 5 });
  expect(groupsIn(first)).toHaveLength(20);
  expect(await leave()).toMatchObject({ remaining: 0 });
  expect(await sql('SELECT FROM group_member WHERE user_id = $1', [leaver])).toEqual([]);
});
