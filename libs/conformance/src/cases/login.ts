import { randomUUID } from 'node:crypto';
import { Commands as C, ClientType, encodePdu, HEADER_LENGTH, IM, isMobileClient } from '@teamtalk/protocol';
import { answer, type Case, exchange, pdu, script } from '../case.js';
import { check } from '../match.js';
import { passwordDigest } from '../target.js';

const { KICK_REASON_DUPLICATE_USER, KICK_REASON_MOBILE_KICK } = IM.BaseDefine.KickReasonType;
const wrong = IM.BaseDefine.ResultType.REFUSE_REASON_DB_VALIDATE_FAILED;

/** A refused login: result 6 with a text, then the connection is closed. */
function refused(what: string, login: (user: { name: string; passwordMd5: string }) => typeof user): Case {
  return script({
    name: `login/${what} is refused with 6 and closed`,
    commands: [C.LoginReqUserlogin, C.LoginResUserlogin],
    is: 'refusal',
    proves: what.includes('SQL') ? ['client-login', 'defect-sql'] : ['client-login'],
    given: {},
    run: async (_, world) => {
      const peer = await world.open('android');
      await peer.answer(C.LoginResUserlogin, peer.sendLogin(login(world.users.a)), {
        resultCode: wrong,
        resultString: (text) => text.length > 0,
      });
      await peer.expectEnd();
    },
  });
}

/** Login, kick, logout, and the settings of push (client-behaviour.md#login-and-logout). */
export const loginCases: readonly Case[] = [
  script({
    name: 'login/name and password let in, with the whole user_info',
    commands: [C.LoginReqUserlogin, C.LoginResUserlogin],
    is: 'success',
    proves: ['client-login', 'client-required'],
    given: {},
    run: async (_, world) => {
      const { a } = world.users;
      const peer = await world.open();
      const { serverTime } = await peer.answer(C.LoginResUserlogin, peer.sendLogin(a), {
        resultCode: 0,
        onlineStatus: 1,
        userInfo: { userId: a.id, userDomain: a.name },
      });
      check(Math.abs(serverTime - Date.now() / 1000) < 86_400, `server_time ${serverTime}`);
    },
  }),
  refused('a wrong password', ({ name }) => ({ name, passwordMd5: passwordDigest(randomUUID()) })),
  refused('an unknown name', ({ passwordMd5 }) => ({ name: `nobody-${randomUUID()}`, passwordMd5 })),
  refused('a name that is SQL', ({ name, passwordMd5 }) => ({
    name: `${name}' OR '1'='1' -- `,
    passwordMd5,
  })),
  refused('a password that is SQL', ({ name }) => ({ name, passwordMd5: `' OR '1'='1` })),
  script({
    name: 'login/a client type the protocol does not have makes the login unreadable',
    commands: [C.LoginReqUserlogin],
    is: 'refusal',
    given: {},
    run: async (_, world) => {
      const peer = await world.open();
      const { name, passwordMd5 } = world.users.a;
      const body = encodePdu(
        C.LoginReqUserlogin,
        { userName: name, password: passwordMd5, onlineStatus: 1, clientType: 0x55 as 1 },
        0,
      ).subarray(HEADER_LENGTH);
      peer.sendRaw(C.LoginReqUserlogin.id, body);
      await peer.ask(C.OtherHeartbeat, C.OtherHeartbeat, {});
      peer.expectNothingMore();
    },
  }),
  script({
    name: 'login/a second login on a connection is ignored',
    commands: [C.LoginReqUserlogin],
    is: 'refusal',
    given: { a: 'a', b: 'b' },
    run: async ({ a, b }, world) => {
      a.sendLogin(world.users.b);
      await a.probe();
      a.expectNothingMore();
      await b.probe();
      b.expectNone(C.LoginKickUser);
      await a.ask(C.BuddyListUsersStatusRequest, C.BuddyListUsersStatusResponse, {
        userId: 0,
        userIdList: [],
      });
    },
  }),
  script({
    name: 'login/a client asks msg_server for a msg_server: no answer, and the connection stays',
    commands: [C.LoginReqMsgserver, C.LoginResMsgserver],
    is: 'refusal',
    given: { a: 'a' },
    run: async ({ a }) => {
      a.send(C.LoginReqMsgserver, {});
      await a.probe();
      a.expectNothingMore();
    },
  }),
  script({
    name: 'login/a new PC kicks the old one, on whichever server, and leaves the mobile',
    commands: [C.LoginKickUser, C.LoginReqUserlogin],
    is: 'success',
    onOriginal: ['original-stays-open'],
    given: { pc: 'a windows', phone: 'a ios' },
    run: async ({ pc, phone }, world) => {
      const onAnother = await world.connect('a mac@1');
      await pc.get(C.LoginKickUser, { userId: world.ids.a, kickReason: KICK_REASON_DUPLICATE_USER });
      await pc.expectEnd();
      const here = await world.connect('a windows@1');
      await onAnother.get(C.LoginKickUser, { kickReason: KICK_REASON_DUPLICATE_USER });
      await onAnother.expectEnd();
      await here.probe();
      await phone.probe();
      phone.expectNone(C.LoginKickUser);
    },
  }),
  script({
    name: 'login/a new mobile kicks the old one and leaves the PC',
    commands: [C.LoginKickUser, C.LoginReqUserlogin],
    is: 'success',
    onOriginal: ['original-stays-open'],
    given: { pc: 'a windows', phone: 'a ios@1' },
    run: async ({ pc, phone }, world) => {
      const newer = await world.connect('a android');
      await phone.get(C.LoginKickUser, { kickReason: KICK_REASON_DUPLICATE_USER });
      await phone.expectEnd();
      await newer.probe();
      await pc.probe();
      pc.expectNone(C.LoginKickUser);
    },
  }),
  script({
    name: 'login/a mobile kicks the user’s PC by 0x010a',
    commands: [C.LoginReqKickpcclient, C.LoginResKickpcclient, C.LoginKickUser],
    is: 'success',
    onOriginal: ['original-stays-open'],
    given: { pc: 'a windows@1', phone: 'a android', other: 'b' },
    run: async ({ pc, phone, other }, world) => {
      await phone.ask(
        C.LoginReqKickpcclient,
        C.LoginResKickpcclient,
        { userId: other.id },
        { resultCode: 0 },
      );
      await pc.get(C.LoginKickUser, { userId: world.ids.a, kickReason: KICK_REASON_MOBILE_KICK });
      await pc.expectEnd();
      await other.probe();
      other.expectNone(C.LoginKickUser);
    },
  }),
  exchange({
    name: 'login/0x010a from a PC is ignored',
    commands: [C.LoginReqKickpcclient, C.LoginResKickpcclient],
    is: 'refusal',
    given: { pc: 'a windows', phone: 'a ios' },
    from: 'pc',
    send: ({ a }) => pdu(C.LoginReqKickpcclient, { userId: a }),
    receive: () => ({}),
  }),
  script({
    name: 'login/logout is answered and ends the connection',
    commands: [C.LoginReqLoginout, C.LoginResLoginout],
    is: 'success',
    given: { a: 'a' },
    run: async ({ a }) => {
      await a.ask(C.LoginReqLoginout, C.LoginResLoginout, {}, { resultCode: 0 });
      await a.expectEnd();
    },
  }),
  exchange({
    name: 'login/a mobile’s device token is taken, and the answer has user_id',
    commands: [C.LoginReqDevicetoken, C.LoginResDevicetoken],
    is: ['success', 'fix'],
    proves: ['fix-device-token-answer', 'client-empty-body'],
    given: { phone: 'a ios' },
    from: 'phone',
    send: () => pdu(C.LoginReqDevicetoken, { userId: 0, deviceToken: `conformance-${randomUUID()}` }),
    receive: ({ a }) => ({ phone: [answer(C.LoginResDevicetoken, { userId: a })] }),
  }),
  exchange({
    name: 'login/a device token from a PC has no answer',
    commands: [C.LoginReqDevicetoken, C.LoginResDevicetoken],
    is: 'refusal',
    given: { pc: 'a windows' },
    from: 'pc',
    send: () => pdu(C.LoginReqDevicetoken, { userId: 0, deviceToken: 'a token' }),
    receive: () => ({}),
  }),
  script({
    name: 'login/do-not-disturb is kept, and asked for on another client',
    commands: [
      C.LoginReqPushShield,
      C.LoginResPushShield,
      C.LoginReqQueryPushShield,
      C.LoginResQueryPushShield,
    ],
    is: 'success',
    onOriginal: ['original-unchanged'],
    given: { pc: 'a', phone: 'a ios@1' },
    run: async ({ pc, phone }, world) => {
      const set = (shieldStatus: number) =>
        phone.ask(
          C.LoginReqPushShield,
          C.LoginResPushShield,
          { userId: 0, shieldStatus },
          { resultCode: 0, shieldStatus },
        );
      const get = () => pc.ask(C.LoginReqQueryPushShield, C.LoginResQueryPushShield, { userId: 0 });
      const { shieldStatus: before } = await get();
      world.undoLater(async () => void (await set(before)));
      for (const shieldStatus of [1, 0]) {
        await set(shieldStatus);
        check((await get()).shieldStatus === shieldStatus, `0x010f does not say ${shieldStatus}`);
      }
    },
  }),
  exchange({
    name: 'login/do-not-disturb is 0 or 1 and nothing else',
    commands: [C.LoginReqPushShield, C.LoginResPushShield],
    is: 'refusal',
    onOriginal: ['original-unchecked'],
    given: { a: 'a ios' },
    from: 'a',
    send: () => pdu(C.LoginReqPushShield, { userId: 0, shieldStatus: 7 }),
    receive: () => ({ a: [answer(C.LoginResPushShield, { resultCode: (code) => code !== 0 })] }),
  }),
  script({
    name: 'login/a name is locked after many failures, whichever server is asked',
    commands: [C.LoginReqUserlogin, C.LoginResUserlogin],
    is: ['refusal', 'fix'],
    proves: ['fix-failures-shared'],
    needs: ['lockUser'],
    given: { a: 'a' },
    run: async ({ a }, world) => {
      const name = world.target.lockUser!;
      const attempt = async (passwordMd5: string, server: number) => {
        const peer = await world.open('windows', server);
        const seqNum = peer.sendLogin({ name, passwordMd5 });
        await peer.answer(C.LoginResUserlogin, seqNum, { resultCode: wrong });
        await peer.expectEnd();
      };
      for (let i = 0; i < 11; i++) await attempt(passwordDigest(randomUUID()), i);
      for (const server of [0, 1]) await attempt(world.users.a.passwordMd5, server);
      // Other users are not locked out.
      await a.probe();
      await world.connect('a@1');
      await a.get(C.LoginKickUser);
    },
  }),
  ...(['windows', 'android'] as const).map((as) =>
    script({
      name: `login/several at once of one user on ${as}: each is answered, one stays, the others are kicked`,
      commands: [C.LoginReqUserlogin, C.LoginKickUser],
      is: 'fix',
      proves: ['fix-logins-at-once'],
      given: {},
      run: async (_, world) => {
        const { a } = world.users;
        const { deadlineMs } = world.target;
        const peers = await Promise.all(
          Array.from({ length: 8 }, (_each, i) => world.open(as, i, `login ${i} of a`)),
        );
        const seqNums = peers.map((peer) => {
          peer.rules.userId = a.id;
          return peer.sendLogin(a);
        });
        const answers = await Promise.all(
          peers.map((peer, i) => peer.answer(C.LoginResUserlogin, seqNums[i]!)),
        );
        const open = () => peers.filter(({ isOpen }) => isOpen);
        while (open().length > 1) {
          const ended = await Promise.race(open().map(({ raw }) => raw.ended(deadlineMs)));
          check(ended, `${open().length} connections stay`);
        }
        check(open().length === 1, 'none stays');
        for (const [i, peer] of peers.entries()) {
          if (peer.isOpen) {
            await peer.probe();
            peer.expectNone(C.LoginKickUser);
          } else if (answers[i]!.resultCode === 0) {
            await peer.get(C.LoginKickUser, { userId: a.id, kickReason: KICK_REASON_DUPLICATE_USER });
          }
        }
      },
    }),
  ),
  script({
    name: 'login/every client type is let in, one of each class at a time',
    commands: [C.LoginReqUserlogin],
    is: 'success',
    given: {},
    run: async (_, world) => {
      for (const as of ['windows', 'mac', 'ios', 'android', 'web'] as const) {
        const peer = await world.connect(`a ${as}`);
        check(
          isMobileClient(peer.profile.clientType) === (as === 'ios' || as === 'android'),
          `client type ${peer.profile.clientType}`,
        );
      }
      check(Object.keys(ClientType).length === 4, 'a client type without a case');
    },
  }),
];
