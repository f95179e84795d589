import type { GroupChange, TeamTalkClient } from '@teamtalk/client';
import { ClientType, IM } from '@teamtalk/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ConsoleStand } from './console-stand.js';

const { USER_STATUS_OFFLINE } = IM.BaseDefine.UserStatType;

/** The longest times until a leaver is disconnected everywhere, and until others are notified, milliseconds. */
const cutOffMs = 2_000;
const toldMs = 5_000;

let stand: ConsoleStand;
beforeAll(async () => {
  stand = await ConsoleStand.start();
});
afterAll(() => stand?.cluster.stop());

/** Resolves when the client emits a matching event. @returns when, milliseconds */
function emitted<T>(client: TeamTalkClient, event: string, isIt: (value: T) => boolean = () => true) {
  return new Promise<number>((resolve) => {
    client.on(event as 'group', (value) => {
      if (isIt(value as unknown as T)) resolve(performance.now());
    });
  });
}

it('disconnects a leaver everywhere at once, notifies others, and transfers the groups', async () => {
  const { cluster } = stand;
  const ids = await cluster.addUsers(['eve', 'ann', 'ben', 'carl']);
  const console = await stand.member('owner');
  const eves = [
    await cluster.connect('eve', { clientType: ClientType.WINDOWS }),
    await cluster.connect('eve', { clientType: ClientType.ANDROID }),
  ];
  const ann = await cluster.connect('ann');
  const ben = await cluster.connect('ben');
  const { group_id: groupId } = await console.done('createGroup', {
    body: { name: 'team', creator_id: ids.eve, member_ids: [ids.eve, ids.ann, ids.ben] },
  });
  const params = { user_id: ids.eve };

  const begun = performance.now();
  const kicked = eves.map((eve) => emitted(eve, 'kicked'));
  const offline = emitted<{ userId: number; status: number }>(
    ann,
    'status',
    ({ userId, status }) => userId === ids.eve && status === USER_STATUS_OFFLINE,
  );
  const noticed = (change: GroupChange['change'], userId: number) =>
    emitted<GroupChange>(
      ben,
      'group',
      (told) => told.groupId === groupId && told.change === change && told.userIds.includes(userId),
    );
  const [removed, added] = [noticed('removed', ids.eve), noticed('added', ids.carl)];
  await console.done('leaveUser', { params });
  const cutOff = Math.max(...(await Promise.all(kicked))) - begun;
  await expect(cluster.connect('eve')).rejects.toThrow();
  const { groups } = await console.done('leaveGroups', { params, body: { successor_id: ids.carl } });
  expect(groups).toEqual([{ group_id: groupId, new_owner_id: ids.carl }]);
  const told = Math.max(...(await Promise.all([offline, removed, added]))) - begun;
  process.stdout.write(`leaver: cut off after ${cutOff.toFixed(0)} ms, told after ${told.toFixed(0)} ms\n`);
  expect(cutOff).toBeLessThanOrEqual(cutOffMs);
  expect(told).toBeLessThanOrEqual(toldMs);

  const [info] = await ben.groups.info([groupId]);
  expect(info).toMatchObject({ groupCreatorId: ids.carl });
  expect([...(info?.groupMemberList ?? [])].sort()).toEqual([ids.ann, ids.ben, ids.carl].sort());
});

it('restores the user, their memberships and their ownership of groups', async () => {
  const { cluster } = stand;
  const ids = await cluster.addUsers(['fay', 'gus']);
  const console = await stand.member('administrator');
  const { group_id: groupId } = await console.done('createGroup', {
    body: { name: 'crew', creator_id: ids.fay, member_ids: [ids.fay, ids.gus] },
  });
  const params = { user_id: ids.fay };
  expect((await console.call('leaveGroups', { params, body: { successor_id: null } })).status).toBe(409);
  await console.done('leaveUser', { params });
  const { groups } = await console.done('leaveGroups', { params, body: { successor_id: null } });
  expect(groups).toEqual([{ group_id: groupId, new_owner_id: ids.gus }]);
  expect((await console.call('rejoinGroups', { params })).status).toBe(409);
  await console.done('restoreUser', { params });
  expect((await console.done('rejoinGroups', { params })).groups).toEqual([
    { group_id: groupId, new_owner_id: ids.fay },
  ]);
  const fay = await cluster.connect('fay');
  expect(await fay.groups.info([groupId])).toMatchObject([{ groupCreatorId: ids.fay }]);
});

it('lets a department administrator transfer groups only within the department', async () => {
  const { cluster } = stand;
  const ids = await cluster.addUsers(['hal', 'ida', 'joe']);
  await cluster.sql('UPDATE im_user SET department_id = $1 WHERE id = ANY ($2::int4[])', [
    await stand.department(),
    [ids.hal, ids.ida],
  ]);
  const console = await stand.member('department_administrator');
  const params = { user_id: ids.hal };
  await console.done('leaveUser', { params });
  const statusWith = async (successor: number) =>
    (await console.call('leaveGroups', { params, body: { successor_id: successor } })).status;
  expect(await statusWith(ids.joe)).toBe(403);
  expect(await statusWith(ids.ida)).toBe(200);
});
