import { createGroup, type TestCluster } from '@teamtalk/cluster';
import { waitUntil } from '@teamtalk/local-stack';
import { Commands, IM, type MessageOf } from '@teamtalk/protocol';
import { expect, it } from 'vitest';
import { recordPdus } from '../record-pdus.js';
import { cluster } from './cluster.js';

type Client = Awaited<ReturnType<TestCluster['connect']>>;

const { GROUP_MODIFY_TYPE_ADD: add, GROUP_MODIFY_TYPE_DEL: remove } = IM.BaseDefine.GroupModifyType;

function change(
  client: Client,
  groupId: number,
  changeType: MessageOf<typeof Commands.GroupChangeMemberRequest>['changeType'],
  memberIdList: number[],
) {
  return client.request(Commands.GroupChangeMemberRequest, Commands.GroupChangeMemberResponse, {
    userId: 0,
    changeType,
    groupId,
    memberIdList,
  });
}

it('a user removed from a busy group and added again gets only the messages sent while a member', async () => {
  const ids = await cluster.addUsers(['l-boss', 'l-writer', 'l-guest', 'l-other']);
  const boss = await cluster.connect('l-boss', { server: 0 });
  const writer = await cluster.connect('l-writer', { server: 0, client: { maxInFlight: 8 } });
  const guest = await cluster.connect('l-guest', { server: 1 });
  const other = await cluster.connect('l-other', { server: 1 });
  const groupId = await createGroup(boss, [ids['l-writer'], ids['l-guest'], ids['l-other']]);
  // Raw PDUs, because the SDK fills gaps by itself.
  const got = recordPdus(guest, Commands.MsgData);
  const gotByOther = recordPdus(other, Commands.MsgData);

  let writing = true;
  let acked = 0;
  const worker = (async () => {
    while (writing) acked = Math.max(acked, (await writer.send({ group: groupId }, `${acked}`)).msgId);
  })();
  const moreAcked = (count: number) => {
    const goal = acked + count;
    return waitUntil(() => acked >= goal, { what: 'more messages' });
  };
  try {
    for (let round = 0; round < 8; round++) {
      await moreAcked(5);
      expect(await change(boss, groupId, remove, [ids['l-guest']])).toMatchObject({ resultCode: 0 });
      await guest.serverTime();
      const atRemoval = got.length;
      await moreAcked(5);
      await guest.serverTime();
      expect(got.length).toBe(atRemoval);
      const lastOutside = acked;
      expect(await change(boss, groupId, add, [ids['l-guest']])).toMatchObject({ resultCode: 0 });
      const firstInside = acked + 1;
      await moreAcked(5);
      const since = () => got.slice(atRemoval).map(({ msgId }) => msgId);
      await waitUntil(() => since().includes(firstInside), { what: 'the messages since the return' });
      expect(Math.min(...since())).toBeGreaterThan(lastOutside);
      // In order, without gaps.
      expect(since()).toEqual(since().map((_, i) => since()[0]! + i));
    }
  } finally {
    writing = false;
    await worker;
  }
  await cluster.settle();
  await waitUntil(() => gotByOther.length === acked, { what: 'everything for who stayed' });
  expect(gotByOther.map(({ msgId }) => msgId)).toEqual(Array.from({ length: acked }, (_, i) => i + 1));
});

it('a user leaving a group is notified on their other clients, as are the remaining members, once each', async () => {
  const ids = await cluster.addUsers(['w-boss', 'w-leaver']);
  const boss = await cluster.connect('w-boss', { server: 1 });
  const leaver = await cluster.connect('w-leaver', { server: 0 });
  const mobile = await cluster.connect('w-leaver', { server: 1, clientType: 0x11 });
  const groupId = await createGroup(boss, [ids['w-leaver']]);
  const [atBoss, atLeaver, atMobile] = [boss, leaver, mobile].map((client) =>
    recordPdus(client, Commands.GroupChangeMemberNotify),
  );
  expect(await change(leaver, groupId, remove, [ids['w-leaver']])).toMatchObject({
    userId: ids['w-leaver'],
    changeType: remove,
    resultCode: 0,
    groupId,
    curUserIdList: [ids['w-boss']],
    chgUserIdList: [ids['w-leaver']],
  });
  // Notifications precede the reply to the requester.
  for (const client of [boss, mobile]) await client.serverTime();
  for (const list of [atBoss, atMobile]) {
    expect(list).toMatchObject([
      {
        seqNum: 0,
        userId: ids['w-leaver'],
        changeType: remove,
        groupId,
        curUserIdList: [ids['w-boss']],
        chgUserIdList: [ids['w-leaver']],
      },
    ]);
  }
  expect(atLeaver).toEqual([]);
});
