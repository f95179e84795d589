import { teamtalk } from '@teamtalk/rpc';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { messagesRpc } from '../messages/rpc.js';
import { MessageSender } from '../testing/message-sender.js';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { changeMembers } from './change-members.js';
import { createGroup } from './create-group.js';
import { groupsRpc } from './rpc.js';

const { GROUP_OK, GROUP_INVALID, GROUP_NOT_FOUND, GROUP_NOT_PERMITTED, GROUP_FULL } = teamtalk.db.GroupResult;
const add = 1;
const remove = 2;
const normal = 1;
const temporary = 2;
const creator = 1;
const member = 2;
const outsider = 9;
/** disabled */
const gone = 50;

let database: TestDatabase;
let replicas: [TestContext, TestContext];
let sender: MessageSender;
let groupId: number;

beforeAll(async () => {
  database = await createTestDatabase();
  replicas = await Promise.all([createTestContext(database.url), createTestContext(database.url)]);
  sender = new MessageSender(replicas[0].database.pool);
  await database.dataSource.query(
    `INSERT INTO im_user (id, name, password_hash, status)
      SELECT n, 'u' || n, '', CASE n WHEN 50 THEN 3 ELSE 0 END FROM generate_series(1, 2500) n`,
  );
});
afterAll(async () => {
  for (const replica of replicas) await replica.close();
  await database.drop();
});
beforeEach(async () => {
  groupId = await newGroup(temporary);
});

/** A group with the creator and the members 2 and 3. */
async function newGroup(groupType: number): Promise<number> {
  const request = { userId: creator, groupType, groupName: 'g', memberIds: [2, 3], byAdmin: true };
  const reply = await createGroup(replicas[0])(new teamtalk.db.CreateGroupRequest(request));
  return reply.groupId as number;
}

async function change(
  userId: number,
  changeType: number,
  memberIds: number[],
  given: teamtalk.db.ChangeMembersRequest.$Properties & { replica?: TestContext } = {},
) {
  const { replica = replicas[0], ...rest } = given;
  const request = { userId, changeType, groupId, memberIds, ...rest };
  return changeMembers(replica)(new teamtalk.db.ChangeMembersRequest(request));
}

async function group() {
  const [row] = await database.dataSource.query(
    `SELECT version, status, array(SELECT user_id FROM group_member WHERE group_id = g.id ORDER BY 1) AS members
      FROM chat_group g WHERE id = $1`,
    [groupId],
  );
  return row as { version: number; status: number; members: number[] };
}

const write = (from: number) => sender.send({ from, to: groupId, group: true });

async function history(userId: number) {
  const request = { userId, sessionType: 2, sessionId: groupId, msgCnt: 100 };
  const reply = await messagesRpc(replicas[0]).getHistory(new teamtalk.db.HistoryRequest(request));
  return (reply.messages ?? []).map(({ msgId }) => msgId);
}

async function unread(userId: number) {
  const reply = await messagesRpc(replicas[0]).getUnread(new teamtalk.db.UserRequest({ userId }));
  return (reply.unread ?? []).find(({ sessionId }) => sessionId === groupId)?.unreadCnt ?? 0;
}

async function isListed(userId: number) {
  const reply = await messagesRpc(replicas[0]).getRecentSessions(
    new teamtalk.db.RecentSessionsRequest({ userId }),
  );
  return (reply.sessions ?? []).some(({ sessionId }) => sessionId === groupId);
}

test('a member of a temporary group adds others; existing members, unknown and disabled users are left out', async () => {
  expect(await change(member, add, [7, 3, 5, 7, gone, 9_999, 0, 0xffff_ffff])).toEqual({
    result: GROUP_OK,
    currentIds: [1, 2, 3, 5, 7],
    changedIds: [5, 7],
    version: 2,
  });
  expect(await group()).toEqual({ version: 2, status: 0, members: [1, 2, 3, 5, 7] });
});

test('the creator removes others; non-members are left out', async () => {
  expect(await change(creator, remove, [3, 3, 8, gone, 0xffff_ffff])).toEqual({
    result: GROUP_OK,
    currentIds: [1, 2],
    changedIds: [3],
    version: 2,
  });
  expect(await group()).toEqual({ version: 2, status: 0, members: [1, 2] });
});

test('a change without effect does not change the version', async () => {
  for (const [type, ids] of [
    [add, [2, 3]],
    [add, [gone, 9_999]],
    [remove, [8]],
  ] as const) {
    expect(await change(creator, type, [...ids])).toEqual({
      result: GROUP_OK,
      currentIds: [1, 2, 3],
      changedIds: [],
      version: 0,
    });
  }
  expect((await group()).version).toBe(1);
});

test.each([
  // kind, who, by admin, and the results of: add, remove another, leave
  [temporary, creator, false, [GROUP_OK, GROUP_OK, GROUP_OK]],
  [temporary, member, false, [GROUP_OK, GROUP_NOT_PERMITTED, GROUP_OK]],
  [temporary, outsider, false, [GROUP_NOT_PERMITTED, GROUP_NOT_PERMITTED, GROUP_NOT_PERMITTED]],
  [temporary, 0, false, [GROUP_NOT_PERMITTED, GROUP_NOT_PERMITTED, GROUP_NOT_PERMITTED]],
  [temporary, outsider, true, [GROUP_OK, GROUP_OK, GROUP_OK]],
  [normal, creator, false, [GROUP_OK, GROUP_OK, GROUP_OK]],
  [normal, member, false, [GROUP_NOT_PERMITTED, GROUP_NOT_PERMITTED, GROUP_NOT_PERMITTED]],
  [normal, outsider, false, [GROUP_NOT_PERMITTED, GROUP_NOT_PERMITTED, GROUP_NOT_PERMITTED]],
  [normal, outsider, true, [GROUP_OK, GROUP_OK, GROUP_OK]],
  [normal, 0, true, [GROUP_OK, GROUP_OK, GROUP_OK]],
])('who may: group of type %d, user %d, administrator %s', async (type, userId, byAdmin, results) => {
  const wishes = [
    [add, 7],
    [remove, 3],
    [remove, userId],
  ] as const;
  for (const [i, [changeType, id]] of wishes.entries()) {
    groupId = await newGroup(type);
    const before = await group();
    const reply = await change(userId, changeType, [id], { byAdmin });
    expect(reply.result, `wish ${i}`).toBe(results[i]);
    if (reply.result !== GROUP_OK) expect(await group()).toEqual(before);
  }
});

test('removing oneself together with another member needs the right to remove others; otherwise nothing changes', async () => {
  expect(await change(member, remove, [member, 3])).toEqual({ result: GROUP_NOT_PERMITTED });
  expect((await group()).members).toEqual([1, 2, 3]);
});

test('refuses an unknown group, an unknown change, an empty list and one that is too long', async () => {
  for (const id of [0, 999_999, 0x8000_0000, 0xffff_ffff]) {
    expect(await change(creator, add, [7], { groupId: id, byAdmin: true })).toEqual({
      result: GROUP_NOT_FOUND,
    });
  }
  for (const type of [0, 3, 0xffff_ffff]) {
    expect(await change(creator, type, [7])).toEqual({ result: GROUP_INVALID });
  }
  expect(await change(creator, add, [])).toEqual({ result: GROUP_INVALID });
  expect(await change(creator, add, Array(10_001).fill(7))).toEqual({ result: GROUP_INVALID });
  expect((await group()).version).toBe(1);
});

test('a new member sees only later messages', async () => {
  await write(1);
  await write(1);
  await change(creator, add, [7]);
  expect([await history(7), await unread(7), await isListed(7)]).toEqual([[], 0, false]);
  await write(1);
  expect([await history(7), await unread(7), await isListed(7)]).toEqual([[3], 1, true]);
});

test('a removed member loses the session and unread count, and can neither read nor write', async () => {
  await write(1);
  expect([await unread(3), await isListed(3)]).toEqual([1, true]);
  await change(creator, remove, [3]);
  expect([await history(3), await unread(3), await isListed(3)]).toEqual([[], 0, false]);
  expect(await write(3)).toEqual({ status: 'not-a-member' });
  const asked = { userId: 3, groups: [{ groupId, version: 0 }] };
  expect((await groupsRpc(replicas[0]).getGroups(new teamtalk.db.GetGroupsRequest(asked))).groups).toEqual(
    [],
  );
});

test('a member who returns sees only later messages', async () => {
  await write(3);
  await change(3, remove, [3]);
  await write(1);
  await change(member, add, [3]);
  expect([await history(3), await unread(3), await isListed(3)]).toEqual([[], 0, false]);
  await write(1);
  expect([await history(3), await unread(3)]).toEqual([[3], 1]);
});

test('a group that loses its last member is dissolved permanently', async () => {
  await change(creator, remove, [1, 2]);
  expect(await change(3, remove, [3])).toEqual({
    result: GROUP_OK,
    currentIds: [],
    changedIds: [3],
    version: 3,
  });
  expect(await group()).toEqual({ version: 3, status: 1, members: [] });
  expect(await change(creator, add, [7], { byAdmin: true })).toEqual({ result: GROUP_NOT_FOUND });
  expect(await write(3)).toEqual({ status: 'not-a-member' });
});

test('members of a group without a conversation row can change', async () => {
  await database.dataSource.query('DELETE FROM conversation WHERE conv = $1', [groupId]);
  expect(await change(member, add, [7])).toMatchObject({ changedIds: [7] });
  expect(await write(7)).toEqual({ status: 'stored', msgId: 1 });
});

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

test('2,000 members at most, and a change of so many takes well under a second', async () => {
  const begun = performance.now();
  const filled = await change(member, add, range(101, 2_097));
  const added = performance.now();
  expect(filled.changedIds).toHaveLength(1_997);
  expect(await change(member, add, [7])).toEqual({ result: GROUP_FULL });
  expect(await change(member, add, [7], { byAdmin: true })).toEqual({ result: GROUP_FULL });
  expect(await change(member, add, [101, gone]), 'nobody new').toMatchObject({ result: GROUP_OK });
  expect((await group()).members).toHaveLength(2_000);
  expect((await group()).version).toBe(2);

  const emptying = performance.now();
  const emptied = await change(creator, remove, range(101, 2_097));
  const removed = performance.now();
  expect(emptied).toMatchObject({ currentIds: [1, 2, 3] });
  expect(Math.max(added - begun, removed - emptying)).toBeLessThan(1_000);
});

test('concurrent changes of one group by two replicas are serialised, each counted once', async () => {
  const replies = await Promise.all(
    range(1, 40).map((i) => {
      const replica = replicas[i % 2] as TestContext;
      // Neighbouring calls add the same two users.
      return change(i % 4 === 0 ? creator : member, add, [100 + (i >> 1), 101 + (i >> 1)], { replica });
    }),
  );
  const changed = replies.flatMap(({ changedIds }) => changedIds ?? []);
  const { members, version } = await group();
  const versions = replies.map((reply) => reply.version ?? 0).filter((each) => each > 0);
  expect(
    [...changed].sort((a, b) => a - b),
    'each was added by one of them',
  ).toEqual(range(100, 121));
  expect(members).toEqual([1, 2, 3, ...range(100, 121)]);
  expect(
    versions.sort((a, b) => a - b),
    'each change has its own version',
  ).toEqual(range(2, version));
  expect(version).toBe(1 + replies.filter(({ changedIds }) => changedIds?.length).length);
});

test('two replicas together cannot exceed the limit of a group', async () => {
  const small = await Promise.all(
    replicas.map(() => createTestContext(database.url, { groupMaxMembers: 10 })),
  );
  try {
    const replies = await Promise.all(
      range(1, 20).map((i) => change(member, add, [200 + i], { replica: small[i % 2] as TestContext })),
    );
    expect(replies.filter(({ result }) => result === GROUP_OK)).toHaveLength(7);
    expect(replies.filter(({ result }) => result === GROUP_FULL)).toHaveLength(13);
    expect((await group()).members).toHaveLength(10);
  } finally {
    for (const replica of small) await replica.close();
  }
});

test('two last members who leave concurrently dissolve the group once', async () => {
  for (let round = 0; round < 10; round++) {
    groupId = await newGroup(temporary);
    const replies = await Promise.all([
      change(1, remove, [1], { replica: replicas[0] }),
      change(2, remove, [2], { replica: replicas[1] }),
      change(3, remove, [3], { replica: replicas[0] }),
    ]);
    expect(replies.map(({ currentIds }) => currentIds?.length).sort()).toEqual([0, 1, 2]);
    expect(await group()).toEqual({ version: 4, status: 1, members: [] });
  }
});
