import { createTextCodec, DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import { teamtalk } from '@teamtalk/rpc';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { messagesRpc } from '../messages/rpc.js';
import { MessageSender } from '../testing/message-sender.js';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';

const actor = { name: 'console ann', asUser: 0, source: 'here' };
const [owner, member, other, stranger, gone, bot] = [1, 2, 3, 4, 5, 6] as const;
const refused = { status: 'not-a-member' };
const forGood = Number.POSITIVE_INFINITY;

let database: TestDatabase;
let context: TestContext;
let sender: MessageSender;
let groupId: number;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  sender = new MessageSender(context.database.pool);
});
afterAll(async () => {
  await context.close();
  await database.drop();
});
beforeEach(async () => {
  await sql('TRUNCATE im_user, chat_group, conversation, message, broadcast CASCADE');
  await sql(
    `INSERT INTO im_user (id, name, password_hash, status)
     SELECT n, 'u' || n, '', CASE n WHEN ${gone} THEN 3 ELSE 0 END FROM generate_series(1, 6) AS n`,
  );
  await sql(`INSERT INTO bot (user_id) VALUES (${bot})`);
  const created = await context.groups.create({
    type: 2,
    name: 'team',
    avatar: '',
    creatorId: owner,
    needsCreator: true,
    memberIds: [member, other],
  });
  groupId = created.result === 'created' ? created.id : 0;
});

const sql = (text: string, values: unknown[] = []) => database.dataSource.query(text, values);
const write = (from: number) => sender.send({ from, to: groupId, group: true });
const details = () => context.groupAdministration.details(groupId);
const mute = (userId: number, until: number, byUserId = 0) =>
  context.groupModeration.mute(groupId, { userId, until, byUserId }, actor);
const inAnHour = () => Date.now() / 1000 + 3_600;
const change = (kind: 'add' | 'remove', userIds: number[], byAdmin = true) =>
  context.memberChanges.change({ groupId, kind, userId: member, byAdmin, userIds });

async function history(userId: number): Promise<(number | null | undefined)[]> {
  const request = { userId, sessionType: 2, sessionId: groupId, msgCnt: 100 };
  const reply = await messagesRpc(context).getHistory(new teamtalk.db.HistoryRequest(request));
  return (reply.messages ?? []).map(({ msgId }) => msgId);
}

async function newestEvent(): Promise<object> {
  const [event] = await sql(
    'SELECT actor, verb, resource, before, after FROM audit_event ORDER BY id DESC LIMIT 1',
  );
  return event;
}

it('a muted member’s messages are refused until the time has come, those of others are not', async () => {
  expect(await mute(member, inAnHour())).toBe('done');
  expect([await write(member), await write(other)]).toEqual([refused, { status: 'stored', msgId: 1 }]);
  expect(await details()).toMatchObject({ muted_until: 0, muted_ids: [member] });
  await mute(member, Date.now() / 1000 - 1);
  expect(await write(member)).toEqual({ status: 'stored', msgId: 2 });
  expect(await details()).toMatchObject({ muted_ids: [] });
});

it('a mute for good ends when it is lifted, and each change is one event', async () => {
  await mute(member, forGood);
  expect(await details()).toMatchObject({ muted_ids: [member], muted_untils: [forGood] });
  expect(await write(member)).toEqual(refused);
  expect(await newestEvent()).toMatchObject({
    actor: 'console ann',
    verb: 'group.mute',
    resource: `group ${groupId}`,
    before: { mutedUntil: null },
    after: { mutedUntil: 'for good', userId: member },
  });
  const [{ count: before }] = await sql('SELECT count(*)::int4 FROM audit_event');
  await mute(member, forGood);
  const [{ count: after }] = await sql('SELECT count(*)::int4 FROM audit_event');
  expect(after).toBe(before);
  await mute(member, 0);
  expect(await write(member)).toEqual({ status: 'stored', msgId: 1 });
});

it('when everybody is muted, only the owner and bots can write', async () => {
  await change('add', [bot]);
  await mute(0, inAnHour());
  expect([await write(member), await write(owner), await write(bot)]).toEqual([
    refused,
    { status: 'stored', msgId: 1 },
    { status: 'stored', msgId: 2 },
  ]);
  expect((await details())?.muted_until).toBeCloseTo(inAnHour(), -1);
  await mute(0, 0);
  expect(await write(member)).toEqual({ status: 'stored', msgId: 3 });
});

it('mutes only members, in groups that exist', async () => {
  expect(await mute(stranger, forGood)).toBe('not-a-member');
  expect(await mute(0xffff_ffff, forGood)).toBe('not-a-member');
  for (const until of [-1, Number.NaN, 1e12]) {
    await expect(mute(member, until)).rejects.toMatchObject({ code: 'invalid-argument' });
  }
  groupId = 0xffff_ffff;
  expect(await mute(0, forGood)).toBe('not-found');
});

it('of the users only the owner mutes and lifts mutes, also those of an administrator, as long as they are a member', async () => {
  await mute(member, forGood);
  await mute(0, forGood);
  for (const by of [member, stranger, 0xffff_ffff]) expect(await mute(0, 0, by)).toBe('not-permitted');
  expect([await mute(member, 0, owner), await mute(0, 0, owner)]).toEqual(['done', 'done']);
  expect(await write(member)).toEqual({ status: 'stored', msgId: 1 });
  await change('remove', [owner]);
  expect(await mute(0, forGood, owner)).toBe('not-permitted');
});

it('a message that was stored before the mute is acknowledged when it is repeated', async () => {
  await sender.send({ from: member, to: groupId, group: true, requestId: 5 });
  await mute(member, forGood);
  expect(await sender.send({ from: member, to: groupId, group: true, requestId: 5, retry: true })).toEqual({
    status: 'stored',
    msgId: 1,
  });
});

it('hands a group over to a member, or to somebody who becomes one', async () => {
  const handOver = (userId: number) => context.groupModeration.handOver(groupId, userId, actor);
  expect(await handOver(member)).toEqual({ result: 'done', groups: [] });
  expect(await details()).toMatchObject({ creator_id: member, version: 2 });
  expect(await newestEvent()).toMatchObject({
    verb: 'group.hand-over',
    before: { creatorId: owner },
    after: { creatorId: member },
  });
  expect(await handOver(stranger)).toEqual({
    result: 'done',
    groups: [
      {
        groupId,
        version: 4,
        current: [owner, member, other, stranger],
        added: [stranger],
        removed: [],
        newOwner: stranger,
      },
    ],
  });
  expect(await handOver(stranger)).toEqual({ result: 'done', groups: [] });
  for (const id of [gone, bot, 99]) expect(await handOver(id)).toEqual({ result: 'unknown-user' });
});

it('restores a dissolved group with its members, who see what they saw before', async () => {
  await write(owner);
  await change('add', [stranger]);
  await write(owner);
  await mute(other, forGood);
  expect(await context.dissolvedGroups.dissolve(groupId, actor)).toMatchObject({
    result: 'done',
    groups: [{ groupId, current: [], removed: [owner, member, other, stranger] }],
  });
  expect([await write(owner), await history(owner), await details()]).toEqual([refused, [], undefined]);
  expect(await context.dissolvedGroups.list(0, 10, 'tea')).toMatchObject([
    { id: groupId, name: 'team', type: 2, members: 4 },
  ]);

  await sql(`UPDATE im_user SET status = 3 WHERE id = ${member}`);
  const version = 4;
  expect(await context.dissolvedGroups.restore(groupId, actor)).toEqual({
    result: 'done',
    groups: [
      {
        groupId,
        version,
        current: [owner, other, stranger],
        added: [owner, other, stranger],
        removed: [],
        newOwner: 0,
      },
    ],
  });
  expect(await newestEvent()).toMatchObject({ verb: 'group.restore', resource: `group ${groupId}` });
  expect(await details()).toMatchObject({ creator_id: owner, version, muted_ids: [other] });
  expect([await history(owner), await history(stranger)]).toEqual([[2, 1], [2]]);
  expect(await write(owner)).toEqual({ status: 'stored', msgId: 3 });
  expect(await context.dissolvedGroups.list(0, 10, '')).toEqual([]);
  expect(await context.dissolvedGroups.restore(groupId, actor)).toEqual({ result: 'not-found' });
});

it('gives a restored group to its longest-standing member if the owner has left, and bots to nobody', async () => {
  await change('add', [bot]);
  await sql("UPDATE group_member SET joined_at = joined_at - interval '1 day' WHERE user_id IN (3, 6)");
  await context.dissolvedGroups.dissolve(groupId, actor);
  await sql(`UPDATE im_user SET status = 3 WHERE id = ${owner}`);
  expect(await context.dissolvedGroups.restore(groupId, actor)).toMatchObject({
    groups: [{ current: [member, other, bot], newOwner: other }],
  });
});

it('a group that its last member left can be restored for 30 days, and is then forgotten', async () => {
  await change('remove', [owner, member]);
  await change('remove', [other]);
  const restore = () => context.dissolvedGroups.restore(groupId, actor);
  await sql(`UPDATE dissolved_group SET dissolved_at = now() - interval '29 days 23 hours'`);
  expect(await context.dissolvedGroups.purge()).toBe(0);
  expect(await restore()).toMatchObject({ groups: [{ current: [other], newOwner: other }] });
  await context.dissolvedGroups.dissolve(groupId, actor);
  await sql(`UPDATE dissolved_group SET dissolved_at = now() - interval '31 days'`);
  expect([await restore(), await context.dissolvedGroups.list(0, 10, '')]).toEqual([
    { result: 'not-found' },
    [],
  ]);
  expect(await context.dissolvedGroups.purge()).toBe(1);
  expect(await sql('SELECT FROM dissolved_member')).toEqual([]);
});

it('a group whose members have all left the company is not restored', async () => {
  await context.dissolvedGroups.dissolve(groupId, actor);
  await sql('UPDATE im_user SET status = 3');
  expect(await context.dissolvedGroups.restore(groupId, actor)).toEqual({ result: 'unknown-user' });
  expect(await sql('SELECT status FROM chat_group WHERE id = $1', [groupId])).toEqual([{ status: 1 }]);
});

it('an announcement is kept, and sent once by a bot that becomes a member, also in a muted group', async () => {
  await mute(0, forGood);
  const announce = (fromUserId: number, key = 'a') =>
    context.groupAnnouncements.announce(
      groupId,
      { fromUserId, text: 'Lunch at one', label: '[Announcement]', key },
      actor,
    );
  for (const id of [stranger, gone, 99]) expect(await announce(id)).toEqual({ result: 'unknown-user' });
  expect(await announce(bot)).toMatchObject({ result: 'done', groups: [{ added: [bot] }] });
  expect(await announce(bot)).toEqual({ result: 'done', groups: [] });
  expect(await details()).toMatchObject({ announcement: 'Lunch at one' });
  const rows = await sql('SELECT from_id, type, data, receivers FROM broadcast');
  expect(rows).toMatchObject([{ from_id: bot, type: 0x11, receivers: [groupId] }]);
  const codec = createTextCodec(DEFAULT_TEXT_KEY);
  expect(codec.decrypt(rows[0].data)).toBe('[Announcement] Lunch at one');
  expect(await newestEvent()).toMatchObject({
    verb: 'group.announce',
    before: { announcement: '' },
    after: { announcement: 'Lunch at one', fromUserId: bot },
  });
  await mute(bot, forGood);
  expect(await announce(bot, 'b')).toEqual({ result: 'done', groups: [] });
  expect(await sql('SELECT muted_until FROM group_member WHERE user_id = $1', [bot])).toEqual([
    { muted_until: null },
  ]);
  const other = await context.groups.create({
    ...{ type: 1, name: 'other', avatar: '', creatorId: owner, needsCreator: true, memberIds: [] },
  });
  const elsewhere = other.result === 'created' ? other.id : 0;
  await context.groupAnnouncements.announce(
    elsewhere,
    { fromUserId: bot, text: 'Lunch at one', label: '[Announcement]', key: 'a' },
    actor,
  );
  expect(await sql('SELECT receivers FROM broadcast ORDER BY id')).toEqual(
    [groupId, groupId, elsewhere].map((id) => ({ receivers: [id] })),
  );
  await expect(
    context.groupAnnouncements.announce(
      groupId,
      { fromUserId: bot, text: 'x'.repeat(1_001), label: '[Announcement]', key: 'b' },
      actor,
    ),
  ).rejects.toMatchObject({ code: 'invalid-argument' });
});

it('a group has its own limit of members, and its owner can be the only one who adds', async () => {
  const set = (fields: { ownerAddsOnly?: boolean; maxMembers?: number }) =>
    context.groupAdministration.change(
      groupId,
      { name: null, avatar: null, ownerAddsOnly: null, maxMembers: null, ...fields },
      actor,
    );
  await set({ maxMembers: 3 });
  expect(await change('add', [stranger])).toEqual({ result: 'full' });
  expect(await context.groupModeration.handOver(groupId, stranger, actor)).toEqual({ result: 'full' });
  await set({ maxMembers: 0, ownerAddsOnly: true });
  expect(await newestEvent()).toMatchObject({
    verb: 'group.change',
    before: { maxMembers: 3, ownerAddsOnly: false },
    after: { maxMembers: 0, ownerAddsOnly: true },
  });
  expect(await details()).toMatchObject({ max_members: 0, owner_adds_only: true });
  expect(await change('add', [stranger], false)).toEqual({ result: 'not-permitted' });
  expect(await change('add', [stranger])).toMatchObject({ changed: [stranger] });
});
