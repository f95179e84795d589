import { waitUntil } from '@teamtalk/local-stack';
import { ClientType, Commands } from '@teamtalk/protocol';
import { expect, it } from 'vitest';
import { recordPdus } from '../record-pdus.js';
import { cluster } from './cluster.js';

it('a picture and a signature are told to everybody on every msg_server, and known afterwards', async () => {
  const ids = await cluster.addUsers(['changer', 'pc-witness', 'mobile-witness']);
  const changer = await cluster.connect('changer', { server: 0 });
  const witnesses = [
    changer,
    await cluster.connect('pc-witness', { server: 1 }),
    await cluster.connect('mobile-witness', { server: 1, clientType: ClientType.IOS }),
  ];
  const avatars = witnesses.map((client) => recordPdus(client, Commands.BuddyListAvatarChangedNotify));
  const signatures = witnesses.map((client) => recordPdus(client, Commands.BuddyListSignInfoChangedNotify));
  const before = (await changer.users()).latestUpdateTime;
  const avatarUrl = 'http://files.example/g0/a.png';
  const signInfo = '在'.repeat(128);
  const changes = [
    changer.request(Commands.BuddyListChangeAvatarRequest, Commands.BuddyListChangeAvatarResponse, {
      userId: 0,
      avatarUrl,
    }),
    changer.request(Commands.BuddyListChangeSignInfoRequest, Commands.BuddyListChangeSignInfoResponse, {
      userId: 0,
      signInfo,
    }),
  ];
  for (const answer of await Promise.all(changes)) {
    expect(answer).toMatchObject({ userId: ids.changer, resultCode: 0 });
  }
  for (const list of [...avatars, ...signatures]) {
    await waitUntil(() => list.length > 0, { what: 'everybody told' });
  }
  for (const [notice] of avatars) {
    expect(notice).toMatchObject({ seqNum: 0, changedUserId: ids.changer, avatarUrl });
  }
  for (const [notice] of signatures) {
    expect(notice).toMatchObject({ seqNum: 0, changedUserId: ids.changer, signInfo });
  }
  expect((await changer.users(before)).users).toContainEqual(
    expect.objectContaining({ userId: ids.changer, avatarUrl, signInfo }),
  );
  expect(
    await changer.request(Commands.BuddyListChangeSignInfoRequest, Commands.BuddyListChangeSignInfoResponse, {
      userId: 0,
      signInfo: 'x'.repeat(129),
    }),
  ).toMatchObject({ userId: ids.changer, resultCode: 1 });
});

it('a device token is the mobile’s, and forgotten when it logs out', async () => {
  const ids = await cluster.addUsers(['phone']);
  const mobile = await cluster.connect('phone', { clientType: ClientType.ANDROID });
  const tokens = () =>
    cluster.sql('SELECT user_id, client_type, token FROM device_token WHERE user_id = $1', [ids.phone]);
  expect(
    await mobile.request(Commands.LoginReqDevicetoken, Commands.LoginResDevicetoken, {
      userId: 0,
      deviceToken: 'abc',
    }),
  ).toMatchObject({ userId: ids.phone });
  expect(await tokens()).toEqual([{ user_id: ids.phone, client_type: ClientType.ANDROID, token: 'abc' }]);
  await mobile.logout();
  expect(await tokens()).toEqual([]);
});

it('the do-not-disturb switch is kept and told', async () => {
  const ids = await cluster.addUsers(['sleeper']);
  const client = await cluster.connect('sleeper');
  const set = (shieldStatus: number) =>
    client.request(Commands.LoginReqPushShield, Commands.LoginResPushShield, { userId: 0, shieldStatus });
  const get = async () =>
    (await client.request(Commands.LoginReqQueryPushShield, Commands.LoginResQueryPushShield, { userId: 0 }))
      .shieldStatus;
  expect(await get()).toBe(0);
  expect(await set(1)).toMatchObject({ userId: ids.sleeper, resultCode: 0, shieldStatus: 1 });
  expect(await get()).toBe(1);
  expect(await set(7)).toMatchObject({ resultCode: 1 });
  expect(await get()).toBe(1);
});

it('departments come whole, and then only those that changed', async () => {
  await cluster.addUsers(['reader']);
  const client = await cluster.connect('reader');
  const since = (latestUpdateTime: number) =>
    client.request(Commands.BuddyListDepartmentRequest, Commands.BuddyListDepartmentResponse, {
      userId: 0,
      latestUpdateTime,
    });
  const [top] = await cluster.sql<{ id: number }>(
    `INSERT INTO department (name, parent_id, priority) VALUES ('公司', 0, 1) RETURNING id`,
  );
  const all = await since(0);
  expect(all.deptList).toMatchObject([{ deptId: top!.id, deptName: '公司', deptStatus: 0 }]);
  await cluster.sql('UPDATE department SET status = 1 WHERE id = $1', [top!.id]);
  expect((await since(all.latestUpdateTime)).deptList).toMatchObject([{ deptId: top!.id, deptStatus: 1 }]);
  expect((await since(0)).deptList).toEqual([]);
});

it('a removed session is gone for all of the user’s clients, until the next message', async () => {
  const ids = await cluster.addUsers(['tidy', 'talker']);
  const pc = await cluster.connect('tidy', { server: 0 });
  const mobile = await cluster.connect('tidy', { server: 1, clientType: ClientType.IOS });
  const talker = await cluster.connect('talker', { server: 1 });
  const removed = recordPdus(mobile, Commands.BuddyListRemoveSessionNotify);
  const own = recordPdus(pc, Commands.BuddyListRemoveSessionNotify);
  await talker.send({ user: ids.tidy }, 'hello');
  const remove = (sessionId: number) =>
    pc.request(Commands.BuddyListRemoveSessionReq, Commands.BuddyListRemoveSessionRes, {
      userId: 0,
      sessionType: 1,
      sessionId,
    });
  expect(await remove(ids.talker)).toMatchObject({
    userId: ids.tidy,
    resultCode: 0,
    sessionType: 1,
    sessionId: ids.talker,
  });
  await waitUntil(() => removed.length === 1, { what: 'the other client told' });
  expect(removed).toMatchObject([{ seqNum: 0, userId: ids.tidy, sessionType: 1, sessionId: ids.talker }]);
  expect(await mobile.recentSessions()).toEqual([]);
  expect((await mobile.unread()).total).toBe(0);
  expect(await talker.recentSessions()).toHaveLength(1);
  expect(await remove(999_999)).toMatchObject({ resultCode: 1 });
  await talker.send({ user: ids.tidy }, 'again');
  expect(await pc.recentSessions()).toMatchObject([{ sessionId: ids.talker, latestMsgId: 2 }]);
  expect((await pc.unread()).total).toBe(1);
  expect(own).toEqual([]);
});
