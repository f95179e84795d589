import type { TeamTalkClient } from '@teamtalk/client';
import { TestCluster } from '@teamtalk/cluster';
import { type RawConnection, waitUntil } from '@teamtalk/local-stack';
import { ClientType, Commands, decodeBody, encodePdu, IM } from '@teamtalk/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';

const members = 2_000;
/** Members that are logged in, half of them at each msg_server; GROUP_ONLINE=2000: all of them. */
const online = Number(process.env.GROUP_ONLINE ?? 400);
const messages = 20;
const deadlineMs = 60_000;

const { GROUP_TYPE_TMP } = IM.BaseDefine.GroupType;
const { GROUP_MODIFY_TYPE_ADD, GROUP_MODIFY_TYPE_DEL } = IM.BaseDefine.GroupModifyType;

let cluster: TestCluster;
let creator: TeamTalkClient;
let ids: number[];
/** Taken from the first members after the creator. */
let connections: RawConnection[];

beforeAll(async () => {
  cluster = await TestCluster.start({
    mode: 'processes',
    msg_server: 2,
    route_server: 2,
    db_proxy_server: 2,
  });
  const { creator: creatorId } = await cluster.addUsers(['creator']);
  const rows = await cluster.sql<{ id: number }>(
    `INSERT INTO im_user (name, password_hash)
      SELECT 'member ' || i, (SELECT password_hash FROM im_user WHERE id = $1)
      FROM generate_series(1, $2::int) AS i ORDER BY i RETURNING id`,
    [creatorId, members - 1],
  );
  ids = [creatorId, ...rows.map(({ id }) => id)];
  creator = await cluster.connect('creator', { client: { deadlineMs } });
  connections = [];
  for (let first = 1; first < online; first += 100) {
    const names = Array.from({ length: Math.min(100, online - first) }, (_, i) => `member ${first + i}`);
    const logIns = names.map((name, i) =>
      cluster.logInRaw(name, { server: i % 2, clientType: ClientType.IOS, deadlineMs }),
    );
    connections.push(...(await Promise.all(logIns)));
  }
}, 180_000);
afterAll(() => cluster?.stop());

function change(changeType: number, memberIdList: number[], groupId: number) {
  return creator.request(
    Commands.GroupChangeMemberRequest,
    Commands.GroupChangeMemberResponse,
    { userId: 0, changeType, groupId, memberIdList },
    { deadlineMs },
  );
}

function pdusOf({ received }: RawConnection, commandId: number) {
  return received.filter((pdu) => pdu.commandId === commandId);
}

async function everybodyHas(count: number, { id }: { id: number }, who = connections): Promise<void> {
  await waitUntil(() => who.every((connection) => pdusOf(connection, id).length >= count), {
    timeoutMs: deadlineMs,
    what: `${count} of command ${id} everywhere`,
  });
}

it('a group of 2,000 over two msg_servers: created, changed, written to, left', async ({ annotate }) => {
  const times: string[] = [];
  const timed = async <T>(what: string, work: Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await work;
    times.push(`${what} ${(performance.now() - start).toFixed(0)} ms`);
    return result;
  };

  const made = await timed(
    'created',
    creator.request(
      Commands.GroupCreateRequest,
      Commands.GroupCreateResponse,
      { userId: 0, groupType: GROUP_TYPE_TMP, groupName: 'all', groupAvatar: '', memberIdList: ids },
      { deadlineMs },
    ),
  );
  expect(made.resultCode).toBe(0);
  expect(made.userIdList).toHaveLength(members);
  const { groupId } = made;
  const { outsider } = await cluster.addUsers(['outsider']);
  const tooMany = await change(GROUP_MODIFY_TYPE_ADD, [outsider], groupId);
  expect(tooMany.resultCode, 'too many members').toBe(4);

  await timed('one message acked', creator.send({ group: groupId }, 'hello', { deadlineMs }));
  const rest = Array.from({ length: messages - 1 }, (_, i) =>
    creator.send({ group: groupId }, `text ${i}`, { deadlineMs }),
  );
  await timed(`${messages - 1} more acked`, Promise.all(rest));
  await timed(`all of them with ${online} members`, everybodyHas(messages, Commands.MsgData));
  const expected = Array.from({ length: messages }, (_, i) => i + 1);
  for (const connection of connections) {
    const got = pdusOf(connection, Commands.MsgData.id);
    expect(got.map(({ body }) => decodeBody(Commands.MsgData, body).msgId)).toEqual(expected);
  }

  const last = ids.at(-1)!;
  const removed = await timed('one removed', change(GROUP_MODIFY_TYPE_DEL, [last], groupId));
  expect(removed).toMatchObject({ resultCode: 0, chgUserIdList: [last] });
  expect(removed.curUserIdList).toHaveLength(members - 1);
  await timed('everybody told', everybodyHas(1, Commands.GroupChangeMemberNotify));
  const added = await timed('one added', change(GROUP_MODIFY_TYPE_ADD, [last], groupId));
  expect(added.curUserIdList).toHaveLength(members);
  await timed('everybody told', everybodyHas(2, Commands.GroupChangeMemberNotify));

  const [leaver, ...staying] = connections as [RawConnection, ...RawConnection[]];
  const leaving = { userId: 0, changeType: GROUP_MODIFY_TYPE_DEL, groupId, memberIdList: [ids[1]!] };
  await leaver.send(encodePdu(Commands.GroupChangeMemberRequest, leaving, 2));
  const left = await timed(
    'one left',
    leaver.next(({ commandId }) => commandId === Commands.GroupChangeMemberResponse.id, deadlineMs),
  );
  expect(decodeBody(Commands.GroupChangeMemberResponse, left.body).resultCode).toBe(0);
  await timed('everybody told', everybodyHas(3, Commands.GroupChangeMemberNotify, staying));
  await creator.send({ group: groupId }, 'without the removed member', { deadlineMs });
  await everybodyHas(messages + 1, Commands.MsgData, staying);
  await leaver.send(encodePdu(Commands.OtherHeartbeat, {}, 3));
  await leaver.next(({ commandId }) => commandId === Commands.OtherHeartbeat.id, deadlineMs);
  expect(pdusOf(leaver, Commands.MsgData.id)).toHaveLength(messages);
  expect(pdusOf(leaver, Commands.GroupChangeMemberNotify.id)).toHaveLength(2);
  await annotate(times.join(', '));
}, 240_000);
