import { Commands } from '@teamtalk/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TeamTalkClient } from './client.js';
import { MiniMsgServer, userInfo } from './testing/mini-msg-server.js';

const { BuddyListUserInfoRequest, BuddyListUserInfoResponse, GroupInfoRequest, GroupInfoResponse } = Commands;

let server: MiniMsgServer;
let client: TeamTalkClient;

beforeEach(async () => {
  server = await MiniMsgServer.start();
  // Servers do not respond to messages to unknown receivers.
  server.scripted.ignore(Commands.MsgData);
  client = new TeamTalkClient({ ...server.scripted.address, reconnect: false });
  await client.login({ name: 'u7' });
});

afterEach(async () => {
  vi.useRealTimers();
  await client.close();
  await server.stop();
});

const sending = (session: { user: number } | { group: number }, deadlineMs: number) =>
  client.send(session, 'x', { deadlineMs }).catch((error: unknown) => error);

/** A message that is still not acknowledged after half of its time. */
function halfway(session: { user: number } | { group: number }) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const sent = sending(session, 2_000);
  vi.advanceTimersByTime(1_000);
  return sent;
}

function answerUsers(known: number[]): void {
  server.scripted.respond(BuddyListUserInfoRequest, (peer, { userId, userIdList }, seqNum) => {
    const userInfoList = userIdList.filter((id) => known.includes(id)).map(userInfo);
    peer.send(BuddyListUserInfoResponse, { userId, userInfoList }, seqNum);
  });
}

describe('a message that is not acknowledged', () => {
  it('fails before its deadline when there is no such user', async () => {
    answerUsers([]);
    expect(await halfway({ user: 9 })).toMatchObject({ name: 'ClientError', code: 'unknown-receiver' });
  });

  it('fails when the user is not in the group', async () => {
    server.scripted.respond(GroupInfoRequest, (peer, { userId, groupVersionList }, seqNum) => {
      expect(groupVersionList).toMatchObject([{ groupId: 5, version: 0 }]);
      peer.send(GroupInfoResponse, { userId, groupInfoList: [] }, seqNum);
    });
    expect(await halfway({ group: 5 })).toMatchObject({ code: 'unknown-receiver' });
  });

  it('waits until its deadline when the user exists', async () => {
    answerUsers([9]);
    expect(await sending({ user: 9 }, 100)).toMatchObject({ code: 'deadline-exceeded' });
  });

  it('waits until its deadline when the server does not respond to the check', async () => {
    expect(await sending({ user: 9 }, 100)).toMatchObject({ code: 'deadline-exceeded' });
  });

  it('succeeds when the ack arrives during the check', async () => {
    server.scripted.respond(BuddyListUserInfoRequest, (peer, { userId }, seqNum) => {
      void peer.next(Commands.MsgData).then(({ message, seqNum: sent }) => {
        server.acknowledge(peer, message, sent);
        peer.send(BuddyListUserInfoResponse, { userId, userInfoList: [] }, seqNum);
      });
    });
    expect(await halfway({ user: 9 })).toMatchObject({ msgId: 1 });
  });
});
