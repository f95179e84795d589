import { once } from 'node:events';
import { Commands, encodePdu, type PropertiesOf } from '@teamtalk/protocol';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TeamTalkClient } from './client.js';
import type { ClientEvents } from './requests.js';
import { ME, MiniMsgServer } from './testing/mini-msg-server.js';
import type { Peer } from './testing/scripted-server.js';

let server: MiniMsgServer;
let client: TeamTalkClient;
let peer: Peer;

beforeEach(async () => {
  server = await MiniMsgServer.start();
  client = new TeamTalkClient({ ...server.scripted.address, reconnect: false });
  await client.login({ name: 'u7' });
  peer = await server.scripted.nextPeer();
});

afterEach(async () => {
  await client.close();
  await server.stop();
});

async function eventAfter(event: keyof ClientEvents, pdu: Uint8Array): Promise<unknown> {
  const told = once(client, event);
  peer.socket.write(pdu);
  const [value] = await told;
  return value;
}

it('emits changes of a group’s members', async () => {
  const change: PropertiesOf<typeof Commands.GroupChangeMemberNotify> = {
    userId: 3,
    changeType: 1,
    groupId: 5,
    curUserIdList: [3, ME, 8],
    chgUserIdList: [8],
  };
  const told = { groupId: 5, byUserId: 3, userIds: [8], memberIds: [3, ME, 8] };
  const pdu = (message: typeof change) => encodePdu(Commands.GroupChangeMemberNotify, message, 0);
  expect(await eventAfter('group', pdu(change))).toEqual({ ...told, change: 'added' });
  expect(await eventAfter('group', pdu({ ...change, changeType: 2 }))).toEqual({
    ...told,
    change: 'removed',
  });
});

it('emits new signatures and pictures', async () => {
  const signature = encodePdu(
    Commands.BuddyListSignInfoChangedNotify,
    { changedUserId: 3, signInfo: '在' },
    0,
  );
  expect(await eventAfter('signature', signature)).toEqual({ userId: 3, text: '在' });
  const avatar = encodePdu(Commands.BuddyListAvatarChangedNotify, { changedUserId: 3, avatarUrl: 'u' }, 0);
  expect(await eventAfter('avatar', avatar)).toEqual({ userId: 3, url: 'u' });
});

it('emits sessions removed elsewhere, the state of the PC, and commands', async () => {
  const session = { userId: ME, sessionType: 2, sessionId: 5 };
  const removed = encodePdu(Commands.BuddyListRemoveSessionNotify, session, 0);
  expect(await eventAfter('sessionRemoved', removed)).toEqual({ session: { group: 5 } });
  const pc = encodePdu(Commands.BuddyListPcLoginStatusNotify, { userId: ME, loginStat: 2 }, 0);
  expect(await eventAfter('pc', pc)).toEqual({ isOnline: false });
  const command = { fromUserId: 3, toUserId: ME, cmdMsgData: 'typing' };
  expect(await eventAfter('command', encodePdu(Commands.SwitchP2pCmd, command, 0))).toEqual({
    fromUserId: 3,
    toUserId: ME,
    data: 'typing',
  });
});
