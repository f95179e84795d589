import { teamtalk } from '@teamtalk/rpc';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { changeMembers } from './change-members.js';
import { createGroup } from './create-group.js';

const { ChangeMembersRequest, CreateGroupRequest } = teamtalk.db;

let database: TestDatabase;
let replicas: TestContext[];

beforeAll(async () => {
  database = await createTestDatabase();
  await database.dataSource.query(
    `INSERT INTO im_user (id, name, password_hash) SELECT n, 'u' || n, '' FROM generate_series(1, 9) n`,
  );
  replicas = await Promise.all([createTestContext(database.url), createTestContext(database.url)]);
});
afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.close()));
  await database.drop();
});

const replica = (k: number) => replicas[k % 2] as TestContext;
const make = (idempotencyKey: string, k = 0, groupName = 'g') =>
  createGroup(replica(k))(
    CreateGroupRequest.decode(
      CreateGroupRequest.encode({
        userId: 1,
        groupType: 1,
        groupName,
        memberIds: [2, 3],
        byAdmin: true,
        idempotencyKey,
      }).finish(),
    ),
  );

it('the same key creates one group, also concurrently on two replicas', async () => {
  const replies = await Promise.all(Array.from({ length: 10 }, (_, k) => make('one', k)));
  expect(new Set(replies.map(({ groupId }) => groupId)).size).toBe(1);
  expect(replies[9]).toMatchObject({ result: 0, memberIds: [1, 2, 3] });
  const other = await make('two');
  expect(other.groupId).not.toBe(replies[0]?.groupId);
  expect((await make('')).groupId).not.toBe((await make('')).groupId);
});

it('the same key for another request is refused', async () => {
  await make('three');
  await expect(make('three', 1, 'another')).rejects.toMatchObject({ code: 'invalid-argument' });
});

it('a key can be reused after a day', async () => {
  const first = await make('four');
  await database.dataSource.query(`UPDATE api_answer SET created_at = now() - interval '25 hours'`);
  const second = await make('four', 1, 'another');
  expect(second.groupId).not.toBe(first.groupId);
  expect(await make('four', 0, 'another')).toMatchObject({ groupId: second.groupId });
  await database.dataSource.query(`UPDATE api_answer SET created_at = now() - interval '25 hours'`);
  expect(await replica(0).apiAnswers.purge()).toBeGreaterThan(0);
});

it('a failed request is not stored', async () => {
  const failing = replica(0).apiAnswers.once(
    'test',
    new CreateGroupRequest({ idempotencyKey: 'five' }),
    { request: CreateGroupRequest, reply: teamtalk.db.CreateGroupReply },
    () => Promise.reject(new Error('no')),
  );
  await expect(failing).rejects.toThrow();
  expect(await make('five')).toMatchObject({ result: 0 });
});

it('a repeated change of members gets the first reply and changes nothing', async () => {
  const { groupId = 0 } = await make('six');
  const change = (idempotencyKey: string) =>
    changeMembers(replica(1))(
      ChangeMembersRequest.decode(
        ChangeMembersRequest.encode({
          userId: 1,
          changeType: 1,
          groupId,
          memberIds: [4, 5],
          byAdmin: true,
          idempotencyKey,
        }).finish(),
      ),
    );
  const first = await change('a');
  expect(first).toMatchObject({ changedIds: [4, 5], currentIds: [1, 2, 3, 4, 5], version: 2 });
  expect(await change('a')).toMatchObject({ ...first });
  expect(await change('b')).toMatchObject({ changedIds: [], version: 0 });
});
