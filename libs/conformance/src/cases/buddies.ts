import { Commands as C, IM } from '@teamtalk/protocol';
import { answer, type Case, exchange, pdu, push, script } from '../case.js';
import { check } from '../match.js';
import type { Peer } from '../peer.js';
import type { World } from '../world.js';

const online = IM.BaseDefine.UserStatType.USER_STATUS_ONLINE;
const offline = IM.BaseDefine.UserStatType.USER_STATUS_OFFLINE;
const single = IM.BaseDefine.SessionType.SESSION_TYPE_SINGLE;
/** An unused id. */
const nobody = 0x7fff_0000;

async function statusOf(peer: Peer, userId: number): Promise<number | undefined> {
  const request = { userId: 0, userIdList: [userId] };
  const { userStatList } = await peer.ask(
    C.BuddyListUsersStatusRequest,
    C.BuddyListUsersStatusResponse,
    request,
  );
  check(userStatList.length === 1 && userStatList[0]!.userId === userId, 'not the user who was asked for');
  return userStatList[0]!.status;
}

/** Polls a user's status: the end of a connection becomes known after a moment. */
async function untilStatus(peer: Peer, userId: number, status: number, world: World): Promise<void> {
  const end = performance.now() + world.target.deadlineMs;
  while ((await statusOf(peer, userId)) !== status) {
    check(performance.now() < end, `user ${userId} does not become ${status}`);
  }
}

async function usersSince(peer: Peer, latestUpdateTime: number) {
  return peer.ask(C.BuddyListAllUserRequest, C.BuddyListAllUserResponse, { userId: 0, latestUpdateTime });
}

async function profileOf(peer: Peer, userId: number) {
  const { userInfoList } = await peer.ask(C.BuddyListUserInfoRequest, C.BuddyListUserInfoResponse, {
    userId: 0,
    userIdList: [userId],
  });
  return userInfoList[0]!;
}

/** Users, departments, presence, signatures and avatars (client-behaviour.md#people-and-sessions). */
export const buddyCases: readonly Case[] = [
  script({
    name: 'buddies/all users, and then only who changed since',
    commands: [C.BuddyListAllUserRequest, C.BuddyListAllUserResponse],
    is: ['success', 'client habit'],
    proves: ['client-one-0209', 'client-required', 'client-own-id'],
    given: { a: 'a ios', b: 'b android' },
    run: async ({ a, b }, world) => {
      for (const peer of [a, b]) {
        const all = await usersSince(peer, 0);
        const known = new Set(all.userList.map(({ userId }) => userId));
        if (peer === a)
          check(
            Object.values(world.ids).every((id) => known.has(id)),
            'not all users are told',
          );
        check(
          all.userList.every(({ status }) => status !== 3),
          'somebody who has left is told',
        );
        check(all.latestUpdateTime > 0, 'no latest_update_time');
        await peer.probe();
        if (peer === a) peer.expectNone(C.BuddyListAllUserResponse);
      }
    },
  }),
  script({
    name: 'buddies/a change is in the next answer, however fast it came',
    commands: [C.BuddyListAllUserRequest, C.BuddyListAllUserResponse],
    is: 'success',
    onOriginal: 'untried',
    given: { a: 'a', b: 'b' },
    run: async ({ a, b }, world) => {
      const { signInfo: before } = await profileOf(b, b.id);
      const sign = (signInfo: string) =>
        b.ask(C.BuddyListChangeSignInfoRequest, C.BuddyListChangeSignInfoResponse, { userId: 0, signInfo });
      world.undoLater(async () => void (await sign(before ?? '')));
      let { latestUpdateTime } = await usersSince(a, 0);
      for (let i = 0; i < 5; i++) {
        const signInfo = world.unique();
        await sign(signInfo);
        const changes = await usersSince(a, latestUpdateTime);
        const change = changes.userList.find(({ userId }) => userId === b.id);
        check(change?.signInfo === signInfo, `change ${i} is not told`);
        check(changes.latestUpdateTime >= latestUpdateTime, 'latest_update_time went back');
        latestUpdateTime = changes.latestUpdateTime;
      }
    },
  }),
  exchange({
    name: 'buddies/of a time to come nobody has changed',
    commands: [C.BuddyListAllUserRequest, C.BuddyListAllUserResponse],
    is: 'refusal',
    given: { a: 'a' },
    from: 'a',
    send: () => pdu(C.BuddyListAllUserRequest, { userId: 0, latestUpdateTime: 0x7fff_ffff }),
    receive: () => ({ a: [answer(C.BuddyListAllUserResponse, { userList: [] })] }),
  }),
  exchange({
    name: 'buddies/infos of users',
    commands: [C.BuddyListUserInfoRequest, C.BuddyListUserInfoResponse],
    is: 'success',
    proves: ['client-required'],
    given: { a: 'a' },
    from: 'a',
    send: ({ b }) => pdu(C.BuddyListUserInfoRequest, { userId: 0, userIdList: [b] }),
    receive: ({ b }, { users }) => ({
      a: [answer(C.BuddyListUserInfoResponse, { userInfoList: [{ userId: b, userDomain: users.b.name }] })],
    }),
  }),
  exchange({
    name: 'buddies/infos of nobody are none',
    commands: [C.BuddyListUserInfoRequest, C.BuddyListUserInfoResponse],
    is: 'refusal',
    given: { a: 'a' },
    from: 'a',
    send: () => pdu(C.BuddyListUserInfoRequest, { userId: 0, userIdList: [0, nobody] }),
    receive: () => ({ a: [answer(C.BuddyListUserInfoResponse, { userInfoList: [] })] }),
  }),
  script({
    name: 'buddies/departments, and of a time to come none',
    commands: [C.BuddyListDepartmentRequest, C.BuddyListDepartmentResponse],
    is: ['success', 'refusal'],
    given: { a: 'a' },
    run: async ({ a }) => {
      const ask = (latestUpdateTime: number) =>
        a.ask(C.BuddyListDepartmentRequest, C.BuddyListDepartmentResponse, { userId: 0, latestUpdateTime });
      const { deptList } = await ask(0);
      check(
        deptList.every(({ deptId, deptStatus }) => deptId > 0 && deptStatus === 0),
        'a deleted department',
      );
      check((await ask(0x7fff_ffff)).deptList.length === 0, 'departments changed in the future');
    },
  }),
  script({
    name: 'buddies/a PC that comes and goes is told, and counts as presence',
    commands: [
      C.BuddyListStatusNotify,
      C.BuddyListUsersStatusRequest,
      C.BuddyListUsersStatusResponse,
      C.BuddyListPcLoginStatusNotify,
    ],
    is: 'success',
    proves: ['client-push-seq'],
    given: { a: 'a', phone: 'b android@1' },
    run: async ({ a, phone }, world) => {
      const { b } = world.ids;
      await untilStatus(a, b, offline, world);
      a.forget();
      const pc = await world.connect('b@1');
      await a.get(C.BuddyListStatusNotify, { userStat: { userId: b, status: online } });
      await phone.get(C.BuddyListPcLoginStatusNotify, { userId: b, loginStat: online });
      await untilStatus(a, b, online, world);
      await pc.leave();
      await a.get(C.BuddyListStatusNotify, { userStat: { userId: b, status: offline } });
      await phone.get(C.BuddyListPcLoginStatusNotify, { userId: b, loginStat: offline });
      await untilStatus(a, b, offline, world);
    },
  }),
  script({
    name: 'buddies/a user who is on a mobile only is offline, and their login is not announced',
    commands: [C.BuddyListStatusNotify, C.BuddyListUsersStatusRequest],
    is: ['refusal', 'client habit'],
    given: { a: 'a' },
    run: async ({ a }, world) => {
      const { c } = world.ids;
      await untilStatus(a, c, offline, world);
      a.forget();
      const phone = await world.connect('c ios@1');
      await world.fence(phone, a);
      a.expectNone(C.BuddyListStatusNotify, { userStat: { userId: c } });
      check((await statusOf(a, c)) === offline, 'a mobile counts as presence');
    },
  }),
  script({
    name: 'buddies/a mobile that logs in hears that the PC is there, and only that of its user',
    commands: [C.BuddyListPcLoginStatusNotify],
    is: 'success',
    given: { pc: 'a', stranger: 'b ios' },
    run: async ({ stranger }, world) => {
      const phone = await world.connect('a ios@1');
      await phone.get(C.BuddyListPcLoginStatusNotify, { userId: world.ids.a, loginStat: online });
      await world.fence(phone, stranger);
      stranger.expectNone(C.BuddyListPcLoginStatusNotify);
    },
  }),
  exchange({
    name: 'buddies/the status of nobody is offline',
    commands: [C.BuddyListUsersStatusRequest, C.BuddyListUsersStatusResponse],
    is: 'refusal',
    given: { a: 'a' },
    from: 'a',
    send: () => pdu(C.BuddyListUsersStatusRequest, { userId: 0, userIdList: [nobody] }),
    receive: () => ({
      a: [
        answer(C.BuddyListUsersStatusResponse, {
          userStatList: (list) => list.every(({ status }) => status === offline),
        }),
      ],
    }),
  }),
  script({
    name: 'buddies/a changed avatar is answered, told to everybody, and kept',
    commands: [
      C.BuddyListChangeAvatarRequest,
      C.BuddyListChangeAvatarResponse,
      C.BuddyListAvatarChangedNotify,
    ],
    is: ['success', 'fix'],
    proves: ['fix-avatar-answer'],
    given: { a: 'a', b: 'b@1', phone: 'c ios' },
    run: async ({ a, b, phone }, world) => {
      const change = (avatarUrl: string) =>
        a.ask(
          C.BuddyListChangeAvatarRequest,
          C.BuddyListChangeAvatarResponse,
          { userId: b.id, avatarUrl },
          { resultCode: 0 },
        );
      const { avatarUrl: before } = await profileOf(a, a.id);
      world.undoLater(async () => void (await change(before)));
      const avatarUrl = `http://127.0.0.1/g0/000/000/${Date.now()}_100x100.jpg`;
      await change(avatarUrl);
      for (const peer of [b, phone]) {
        await peer.get(C.BuddyListAvatarChangedNotify, { changedUserId: a.id, avatarUrl });
      }
      check((await profileOf(b, a.id)).avatarUrl === avatarUrl, 'the avatar is not kept');
    },
  }),
  script({
    name: 'buddies/an avatar that cannot be kept is refused and not told',
    commands: [
      C.BuddyListChangeAvatarRequest,
      C.BuddyListChangeAvatarResponse,
      C.BuddyListAvatarChangedNotify,
    ],
    is: 'refusal',
    onOriginal: ['fix-avatar-answer'],
    given: { a: 'a', b: 'b' },
    run: async ({ a, b }, world) => {
      const avatarUrl = 'x'.repeat(100_000);
      await a.ask(
        C.BuddyListChangeAvatarRequest,
        C.BuddyListChangeAvatarResponse,
        { userId: 0, avatarUrl },
        { resultCode: (code) => code !== 0 },
      );
      await world.fence(a, b);
      b.expectNone(C.BuddyListAvatarChangedNotify, { changedUserId: a.id, avatarUrl });
    },
  }),
  script({
    name: 'buddies/a changed signature is answered and told to everybody, and is no change of a group',
    commands: [
      C.BuddyListChangeSignInfoRequest,
      C.BuddyListChangeSignInfoResponse,
      C.BuddyListSignInfoChangedNotify,
    ],
    is: ['success', 'fix'],
    onOriginal: ['original-signature-bytes'],
    proves: ['defect-signature-falls-through'],
    given: { a: 'a', b: 'b@1', phone: 'c android' },
    run: async ({ a, b, phone }, world) => {
      const change = (signInfo: string) =>
        a.ask(
          C.BuddyListChangeSignInfoRequest,
          C.BuddyListChangeSignInfoResponse,
          { userId: b.id, signInfo },
          { resultCode: 0, signInfo },
        );
      const { signInfo: before } = await profileOf(a, a.id);
      world.undoLater(async () => void (await change(before ?? '')));
      // 128 characters are allowed, however many bytes they have.
      const signInfo = `${world.unique()} ${'签'.repeat(128)}`.slice(0, 128);
      await change(signInfo);
      for (const peer of [b, phone]) {
        await peer.get(C.BuddyListSignInfoChangedNotify, { changedUserId: a.id, signInfo });
      }
      await world.fence(a, b, phone);
      for (const peer of [b, phone]) peer.expectNone(C.GroupChangeMemberNotify);
      check((await profileOf(b, a.id)).signInfo === signInfo, 'the signature is not kept');
    },
  }),
  script({
    name: 'buddies/a signature of 129 characters is refused and not told',
    commands: [
      C.BuddyListChangeSignInfoRequest,
      C.BuddyListChangeSignInfoResponse,
      C.BuddyListSignInfoChangedNotify,
    ],
    is: 'refusal',
    given: { a: 'a', b: 'b' },
    run: async ({ a, b }, world) => {
      const signInfo = 's'.repeat(129);
      await a.ask(
        C.BuddyListChangeSignInfoRequest,
        C.BuddyListChangeSignInfoResponse,
        { userId: 0, signInfo },
        { resultCode: (code) => code !== 0 },
      );
      await world.fence(a, b);
      b.expectNone(C.BuddyListSignInfoChangedNotify, { changedUserId: a.id, signInfo });
    },
  }),
  script({
    name: 'buddies/recent sessions of both sides, newest first, also of a first message',
    commands: [C.BuddyListRecentContactSessionRequest, C.BuddyListRecentContactSessionResponse],
    is: ['success', 'fix'],
    proves: ['defect-peer-session', 'client-required'],
    given: { a: 'a', b: 'b@1', c: 'c' },
    run: async ({ a, b, c }, world) => {
      const msgIdOfC = await world.say(c, a.id);
      const text = world.unique();
      const msgId = await world.say(a, b.id, text);
      for (const [peer, other] of [
        [a, b],
        [b, a],
      ] as const) {
        const { contactSessionList } = await peer.ask(
          C.BuddyListRecentContactSessionRequest,
          C.BuddyListRecentContactSessionResponse,
          { userId: 0, latestUpdateTime: 0 },
        );
        const session = contactSessionList.find(
          ({ sessionId, sessionType }) => sessionId === other.id && sessionType === single,
        );
        check(session !== undefined, `${peer.label} has no session with ${other.label}`);
        check(session.latestMsgId === msgId, 'not the latest message');
        check(session.latestMsgFromUserId === a.id, 'not the real sender');
        check(world.codec.decrypt(session.latestMsgData) === text, 'not the latest text');
        check(contactSessionList.length <= 100, 'more than 100 sessions');
        const times = contactSessionList.map(({ updatedTime }) => updatedTime);
        check(
          times.every((time, i) => i === 0 || time <= times[i - 1]!),
          'not newest first',
        );
        if (peer === a) {
          const ofC = contactSessionList.findIndex(({ sessionId }) => sessionId === c.id);
          check(contactSessionList[ofC]?.latestMsgId === msgIdOfC, 'not the latest message of the other one');
          check(ofC > contactSessionList.indexOf(session), 'not newest first within a second');
        }
      }
    },
  }),
  exchange({
    name: 'buddies/after a time to come there are no recent sessions',
    commands: [C.BuddyListRecentContactSessionRequest, C.BuddyListRecentContactSessionResponse],
    is: 'refusal',
    given: { a: 'a' },
    from: 'a',
    send: () => pdu(C.BuddyListRecentContactSessionRequest, { userId: 0, latestUpdateTime: 0x7fff_ffff }),
    receive: () => ({ a: [answer(C.BuddyListRecentContactSessionResponse, { contactSessionList: [] })] }),
  }),
  script({
    name: 'buddies/a removed session is gone with its unread, told to the other client, back with a message',
    commands: [C.BuddyListRemoveSessionReq, C.BuddyListRemoveSessionRes, C.BuddyListRemoveSessionNotify],
    is: 'success',
    given: { pc: 'a', phone: 'a android@1', b: 'b@1' },
    run: async ({ pc, phone, b }, world) => {
      await world.say(b, pc.id);
      const session = { sessionType: single, sessionId: b.id } as const;
      await pc.ask(
        C.BuddyListRemoveSessionReq,
        C.BuddyListRemoveSessionRes,
        { userId: 0, ...session },
        { resultCode: 0, ...session },
      );
      await phone.get(C.BuddyListRemoveSessionNotify, { userId: pc.id, ...session });
      const sessions = async (peer: Peer) =>
        (
          await peer.ask(C.BuddyListRecentContactSessionRequest, C.BuddyListRecentContactSessionResponse, {
            userId: 0,
            latestUpdateTime: 0,
          })
        ).contactSessionList.filter(
          ({ sessionId, sessionType }) => sessionId === b.id && sessionType === single,
        );
      check((await sessions(phone)).length === 0, 'the session is still there');
      check((await world.unread(phone, b.id)) === 0, 'its unread count is still there');
      await world.fence(pc, b);
      b.expectNone(C.BuddyListRemoveSessionNotify);
      pc.expectNone(C.BuddyListRemoveSessionNotify);
      await world.say(b, pc.id);
      check((await sessions(phone)).length === 1, 'the session does not come back');
      check((await world.unread(phone, b.id)) === 1, 'what was removed counts again');
    },
  }),
  exchange({
    name: 'buddies/a session that is not there cannot be removed',
    commands: [C.BuddyListRemoveSessionReq, C.BuddyListRemoveSessionRes, C.BuddyListRemoveSessionNotify],
    is: 'refusal',
    onOriginal: ['original-unchecked'],
    given: { pc: 'a', phone: 'a ios' },
    from: 'pc',
    send: () => pdu(C.BuddyListRemoveSessionReq, { userId: 0, sessionType: single, sessionId: nobody }),
    receive: () => ({
      pc: [answer(C.BuddyListRemoveSessionRes, { resultCode: (code) => code !== 0, sessionId: nobody })],
    }),
  }),
  exchange({
    name: 'commands/a command reaches the receiver and the sender’s other client, from who really sent it',
    commands: [C.SwitchP2pCmd],
    is: ['success', 'fix'],
    proves: ['fix-sender-p2p', 'defect-spoofed-p2p', 'client-push-seq'],
    given: { a: 'a', phone: 'a android@1', b: 'b@1', bPhone: 'b ios', c: 'c' },
    from: 'a',
    send: ({ b, c }) => pdu(C.SwitchP2pCmd, { fromUserId: c, toUserId: b, cmdMsgData: '{"cmd_id":65537}' }),
    receive: ({ a, b }) => {
      const command = push(C.SwitchP2pCmd, { fromUserId: a, toUserId: b, cmdMsgData: '{"cmd_id":65537}' });
      return { phone: [command], b: [command], bPhone: [command] };
    },
  }),
  exchange({
    name: 'commands/a command to oneself reaches one’s other client once, and not the one it is from',
    commands: [C.SwitchP2pCmd],
    is: 'success',
    onOriginal: ['original-p2p'],
    given: { a: 'a', phone: 'a android@1' },
    from: 'a',
    send: ({ a }) => pdu(C.SwitchP2pCmd, { fromUserId: a, toUserId: a, cmdMsgData: '{}' }),
    receive: ({ a }) => ({ phone: [push(C.SwitchP2pCmd, { fromUserId: a, toUserId: a, cmdMsgData: '{}' })] }),
  }),
  exchange({
    name: 'commands/a command to nobody reaches nobody',
    commands: [C.SwitchP2pCmd],
    is: 'refusal',
    onOriginal: ['original-p2p'],
    given: { a: 'a', phone: 'a android@1', b: 'b' },
    from: 'a',
    send: () => pdu(C.SwitchP2pCmd, { fromUserId: 0, toUserId: 0, cmdMsgData: '{}' }),
    receive: () => ({}),
  }),
];
