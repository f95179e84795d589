import type { TestCluster } from '@teamtalk/cluster';
import { waitUntil } from '@teamtalk/local-stack';
import { Commands, decodeBody, IM } from '@teamtalk/protocol';
import { expect, it } from 'vitest';
import { cluster } from './cluster.js';

const { GROUP_TYPE_NORMAL, GROUP_TYPE_TMP } = IM.BaseDefine.GroupType;
const { GROUP_MODIFY_TYPE_ADD: add, GROUP_MODIFY_TYPE_DEL: remove } = IM.BaseDefine.GroupModifyType;

type Client = Awaited<ReturnType<TestCluster['connect']>>;
async function post(path: string, body: unknown) {
  const response = await fetch(`${cluster.url('http_msg_server')}/query/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  return (await response.json()) as { error_code: number; group_id: number };
}

function create(client: Client, memberIdList: number[], groupType = GROUP_TYPE_TMP) {
  return client.request(Commands.GroupCreateRequest, Commands.GroupCreateResponse, {
    userId: 0,
    groupType,
    groupName: 'lunch',
    groupAvatar: '',
    memberIdList,
  });
}

function change(client: Client, groupId: number, changeType: number, memberIdList: number[]) {
  return client.request(Commands.GroupChangeMemberRequest, Commands.GroupChangeMemberResponse, {
    userId: 0,
    changeType,
    groupId,
    memberIdList,
  });
}

/** Collects the 0x040b a client gets. */
function changesSeenBy(client: Client): number[][] {
  const seen: number[][] = [];
  client.on('pdu', (pdu) => {
    if (pdu.commandId !== Commands.GroupChangeMemberNotify.id) return;
    seen.push(decodeBody(Commands.GroupChangeMemberNotify, Buffer.from(pdu.body)).chgUserIdList);
  });
  return seen;
}

it('a temporary group over two msg_servers: messages to all, history since joining, unread per member', async () => {
  const ids = await cluster.addUsers(['g-a', 'g-b', 'g-c']);
  const a = await cluster.connect('g-a', { server: 0 });
  const b = await cluster.connect('g-b', { server: 1 });
  const c = await cluster.connect('g-c', { server: 1 });
  const made = await create(a, [ids['g-b']]);
  expect(made).toMatchObject({ resultCode: 0, userIdList: [ids['g-a'], ids['g-b']] });
  const group = { group: made.groupId };
  const seen = changesSeenBy(b);

  expect((await a.send(group, 'one')).msgId).toBe(1);
  expect(await b.nextMessage()).toMatchObject({ msgId: 1, text: 'one', session: group });
  await expect(c.send(group, 'outsider', { deadlineMs: 400 })).rejects.toThrow();

  expect(await change(b, made.groupId, add, [ids['g-c']])).toMatchObject({
    resultCode: 0,
    chgUserIdList: [ids['g-c']],
  });
  expect((await b.send(group, 'two')).msgId).toBe(2);
  expect(await c.nextMessage()).toMatchObject({ msgId: 2 });
  expect((await c.history(group)).map((message) => message.msgId)).toEqual([2]);
  expect((await a.history(group)).map((message) => message.msgId)).toEqual([2, 1]);
  expect((await a.unread()).sessions).toMatchObject([{ sessionId: made.groupId, unreadCnt: 1 }]);

  expect(await change(b, made.groupId, remove, [ids['g-c']])).not.toMatchObject({ resultCode: 0 });
  expect(await change(c, made.groupId, remove, [ids['g-c']])).toMatchObject({ resultCode: 0 });
  await waitUntil(() => seen.length > 0, { what: 'the others told that c left' });
  expect(seen).toEqual([[ids['g-c']]]);
  expect(await c.recentSessions()).toEqual([]);
  expect((await a.send(group, 'three')).msgId).toBe(3);
  expect(await b.nextMessage()).toMatchObject({ msgId: 3 });
  await expect(c.history(group)).resolves.toEqual([]);
});

it('clients make no normal groups; the HTTP API does, and changes their members, who are told', async () => {
  const ids = await cluster.addUsers(['h-a', 'h-b', 'h-c']);
  const a = await cluster.connect('h-a', { server: 0 });
  const b = await cluster.connect('h-b', { server: 1 });
  expect((await create(a, [ids['h-b']], GROUP_TYPE_NORMAL)).resultCode).not.toBe(0);

  const made = await post('CreateGroup', {
    req_user_id: ids['h-a'],
    group_name: '测试群',
    group_type: 1,
    group_avatar: 'http://dadsd/dsds/icon.png',
    user_id_list: [ids['h-b']],
  });
  expect(made).toEqual({ error_code: 0, error_msg: '成功', group_id: expect.any(Number) });
  const list = await b.request(Commands.GroupNormalListRequest, Commands.GroupNormalListResponse, {
    userId: 0,
  });
  expect(list.groupVersionList.map((group) => group.groupId)).toEqual([made.group_id]);

  const seen = changesSeenBy(b);
  expect(
    await post('ChangeMembers', {
      req_user_id: ids['h-a'],
      group_id: made.group_id,
      modify_type: 1,
      user_id_list: [ids['h-c']],
    }),
  ).toEqual({ error_code: 0, error_msg: '成功' });
  await waitUntil(() => seen.length === 1, { what: 'b told of c' });
  expect(seen).toEqual([[ids['h-c']]]);
  expect(
    (
      await post('ChangeMembers', {
        req_user_id: ids['h-a'],
        group_id: 999_999,
        modify_type: 1,
        user_id_list: [1],
      })
    ).error_code,
  ).toBe(11);
  expect(
    (await post('CreateGroup', { req_user_id: ids['h-a'], group_type: 1, user_id_list: [] })).error_code,
  ).toBe(1);
});
