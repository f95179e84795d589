import { type AnyCommand, Commands as C, commandById } from '@teamtalk/protocol';
import { answerOf } from '../answers.js';
import { type Case, script } from '../case.js';
import { nameOf } from '../command-name.js';
import { check } from '../match.js';
import type { DifferenceId } from '../original.js';
import { clientSamples, internalSamples, type Sample, serverSamples } from '../samples.js';

const notBeforeLogin = (command: AnyCommand) =>
  command.id !== C.LoginReqUserlogin.id && command.id !== C.OtherHeartbeat.id;

/** Commands of the file protocol, which msg_server does not accept. */
const ofFileServer: ReadonlySet<number> = new Set(
  [C.FileLoginReq, C.FileState, C.FilePullDataReq, C.FilePullDataRsp].map(({ id }) => id),
);

/** Sample requests that an original does not answer correctly. */
const notAnsweredByOriginal = new Map<number, readonly DifferenceId[]>([
  [C.LoginReqDevicetoken.id, ['fix-device-token-answer']],
  [C.BuddyListChangeAvatarRequest.id, ['fix-avatar-answer']],
  [C.GroupCreateRequest.id, ['original-silent-refusal']],
  [C.GroupChangeMemberRequest.id, ['original-silent-refusal']],
  [C.GroupShieldGroupRequest.id, ['original-silent-refusal']],
]);

/** Before login: the connection is closed without a PDU. */
function beforeLogin({ command, body }: Sample): Case {
  return script({
    name: `before login/${nameOf(command.id)} ends the connection`,
    commands: [command],
    is: ['refusal', 'fix'],
    proves: ['fix-before-login', 'defect-served-out-of-login'],
    given: {},
    run: async (_, world) => {
      const peer = await world.open();
      peer.sendRaw(command.id, body({ claimed: world.ids.a, peer: world.ids.b, msgId: 1 }));
      await peer.expectEnd();
      check(peer.raw.received.length === 0, 'it was answered');
    },
  });
}

/** After a kick: nothing follows but the close. */
function afterKick({ command, body }: Sample): Case {
  return script({
    name: `after a kick/${nameOf(command.id)} is not served`,
    commands: [command],
    is: ['refusal', 'fix'],
    proves: ['defect-served-out-of-login'],
    given: { old: 'a', b: 'b@1' },
    run: async ({ old, b }, world) => {
      const before = await world.latest(b, world.ids.a);
      const newcomer = await world.connect('a@1');
      await old.get(C.LoginKickUser);
      old.forget();
      old.sendRaw(command.id, body({ claimed: 0, peer: b.id, msgId: 1 }));
      await old.expectEnd();
      old.expectNothingMore();
      await world.fence(newcomer, b);
      b.expectNothingMore();
      check((await world.latest(b, world.ids.a)) === before, 'a message was taken');
    },
  });
}

/** A forged sender id: the command is executed, if at all, as the logged-in user. */
function foreignSender({ command, body }: Sample): Case {
  const fixed = command.id === C.FileDelOfflineReq.id || command.id === C.SwitchP2pCmd.id;
  return script({
    name: `foreign user id/${nameOf(command.id)} is the logged-in user’s all the same`,
    commands: [command],
    is: fixed ? ['refusal', 'fix'] : 'refusal',
    onOriginal: notAnsweredByOriginal.get(command.id) ?? [],
    proves:
      command.id === C.FileDelOfflineReq.id
        ? ['fix-sender-delete-offline']
        : command.id === C.SwitchP2pCmd.id
          ? ['fix-sender-p2p', 'defect-spoofed-p2p']
          : ['client-own-id'],
    given: { a: 'a android', peer: 'b@1', claimed: 'c' },
    run: async ({ a, peer, claimed }, world) => {
      const latest = { ofClaimed: await world.latest(claimed, peer.id), ofA: await world.latest(a, peer.id) };
      const seqNum = a.sendRaw(command.id, body({ claimed: claimed.id, peer: peer.id, msgId: latest.ofA }));
      const answer = answerOf.get(command.id);
      // The rules of every client compare the user_id of an answer with the user's own.
      if (answer && !ofFileServer.has(command.id)) await a.answer(answer, seqNum);
      await a.probe();
      await world.fence(a, peer, claimed);
      claimed.expectNothingMore();
      check((await world.latest(claimed, peer.id)) === latest.ofClaimed, 'a message in another’s name');
      for (const { commandId, body: bytes } of peer.raw.received) {
        const message = commandById(commandId)?.type.decode(bytes) as { fromUserId?: number } | undefined;
        check(message?.fromUserId !== claimed.id, `${nameOf(commandId)} bears the claimed sender`);
      }
    },
  });
}

/** A client sends a command of servers: it has no effect on anybody. */
function notAClients({ command, body }: Sample): Case {
  return script({
    name: `from a client/${nameOf(command.id)} is nothing a client may send`,
    commands: [command],
    is: 'refusal',
    given: { a: 'a', peer: 'b@1', phone: 'b ios' },
    run: async ({ a, peer, phone }, world) => {
      a.sendRaw(command.id, body({ claimed: a.id, peer: peer.id, msgId: 1 }));
      await a.probe();
      await world.fence(a, peer, phone);
      for (const each of [a, peer, phone]) each.expectNothingMore();
    },
  });
}

/** The file protocol on msg_server: not served. */
function notMsgServers({ command, body }: Sample): Case {
  return script({
    name: `on msg_server/${nameOf(command.id)} belongs to file_server`,
    commands: [command],
    is: 'refusal',
    given: { a: 'a', peer: 'b@1' },
    run: async ({ a, peer }, world) => {
      a.sendRaw(command.id, body({ claimed: a.id, peer: peer.id, msgId: 1 }));
      await a.probe();
      await world.fence(a, peer);
      for (const each of [a, peer]) each.expectNothingMore();
    },
  });
}

/** `count` ids: `first`, then distinct unused ones. */
const many = (count: number, first: number) => [
  first,
  ...Array.from({ length: count - 1 }, (_, i) => 0x7000_0000 + i),
];

/** A list of any length is answered within the server's limits. */
function longList(count: number): Case {
  return script({
    name: `long lists/requests for ${count} entries are answered, each of them`,
    commands: [
      C.BuddyListUserInfoRequest,
      C.BuddyListUsersStatusRequest,
      C.GroupInfoRequest,
      C.MsgGetByMsgIdReq,
      C.GroupCreateRequest,
    ],
    is: 'fix',
    proves: ['fix-lists-answered'],
    given: { pc: 'a', phone: 'a android@1', b: 'b' },
    run: async ({ pc, phone, b }, world) => {
      const msgId = await world.say(b, pc.id);
      for (const peer of [pc, phone]) {
        const { userInfoList } = await peer.ask(C.BuddyListUserInfoRequest, C.BuddyListUserInfoResponse, {
          userId: 0,
          userIdList: many(count, b.id),
        });
        check(userInfoList.map(({ userId }) => userId).join() === String(b.id), 'not the one user there is');
        const { userStatList } = await peer.ask(
          C.BuddyListUsersStatusRequest,
          C.BuddyListUsersStatusResponse,
          { userId: 0, userIdList: many(count, b.id) },
        );
        check(userStatList[0]?.userId === b.id, 'not the first status');
        const groupVersionList = many(count, 1).map((groupId) => ({ groupId, version: 0 }));
        await peer.ask(C.GroupInfoRequest, C.GroupInfoResponse, { userId: 0, groupVersionList });
        const { msgList } = await peer.ask(C.MsgGetByMsgIdReq, C.MsgGetByMsgIdRes, {
          userId: 0,
          sessionType: 1,
          sessionId: b.id,
          msgIdList: many(count, msgId),
        });
        check(
          msgList.map((message) => message.msgId).join() === String(msgId),
          'not the one message there is',
        );
      }
      // A group of this size is not created.
      const group = { userId: 0, groupType: 2, groupName: 'conformance', groupAvatar: '' } as const;
      const memberIdList = many(count, b.id);
      const made = await pc.ask(C.GroupCreateRequest, C.GroupCreateResponse, { ...group, memberIdList });
      if (made.resultCode === 0) world.dissolveLater(pc, made.groupId!, [pc.id, b.id]);
    },
  });
}

/** Every command in the states and with the senders in which it is refused or overruled. */
export const sweepCases: readonly Case[] = [
  ...[...clientSamples, ...serverSamples, ...internalSamples]
    .filter(({ command }) => notBeforeLogin(command))
    .map(beforeLogin),
  ...clientSamples.map(afterKick),
  ...clientSamples.filter(({ namesSender }) => namesSender).map(foreignSender),
  ...[...serverSamples, ...internalSamples].map(notAClients),
  ...clientSamples.filter(({ command }) => ofFileServer.has(command.id)).map(notMsgServers),
  ...[5_001, 10_000, 60_000].map(longList),
];
