import { Commands } from '@teamtalk/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TeamTalkClient } from './client.js';
import { MiniMsgServer, userInfo } from './testing/mini-msg-server.js';

const { BuddyListUserInfoRequest, BuddyListUserInfoResponse, GroupInfoRequest, GroupInfoResponse } = Commands;

let server: MiniMsgServer;
let client: TeamTalkClient;

beforeEach(async () => {
  server = await MiniMsgServer.start();
  // As servers treat messages to receivers they do not know: without a response.
  server.scripted.ignore(Commands.MsgData);
  client = new TeamTalkClient({ ...server.scripted.address, reconnect: false });
  await client.login({ name: 'u7' });
});

afterEach(async () => {
  await client.close();
  await server.stop();
});

const sending = (session: { user: number } | { group: number }, deadlineMs: number) =>
  client.send(session, 'x', { deadlineMs }).catch((error: unknown) => error);

function answerUsers(known: number[]): void {
  server.scripted.respond(BuddyListUserInfoRequest, (peer, { userId, userIdList }, seqNum) => {
    const userInfoList = userIdList.filter((id) => known.includes(id)).map(userInfo);
    peer.send(BuddyListUserInfoResponse, { userId, userInfoList }, seqNum);
  });
}

describe('a message that is not acknowledged', () => {
  it('fails when there is no such user, before its deadline', async () => {
    answerUsers([]);
    expect(await sending({ user: 9 }, 200)).toMatchObject({ name: 'ClientError', code: 'unknown-receiver' });
  });

  it('fails when the user is not in the group', async () => {
    server.scripted.respond(GroupInfoRequest, (peer, { userId, groupVersionList }, seqNum) => {
      expect(groupVersionList).toMatchObject([{ groupId: 5, version: 0 }]);
      peer.send(GroupInfoResponse, { userId, groupInfoList: [] }, seqNum);
    });
    expect(await sending({ group: 5 }, 200)).toMatchObject({ code: 'unknown-receiver' });
  });

  it('waits until its deadline when there is the user', async () => {
    answerUsers([9]);
    expect(await sending({ user: 9 }, 100)).toMatchObject({ code: 'deadline-exceeded' });
  });

  it('waits until its deadline when the server does not say', async () => {
    expect(await sending({ user: 9 }, 100)).toMatchObject({ code: 'deadline-exceeded' });
  });

  it('is stored when the ack comes while the server is asked', async () => {
    server.scripted.respond(BuddyListUserInfoRequest, (peer, { userId }, seqNum) => {
      void peer.next(Commands.MsgData).then(({ message, seqNum: sent }) => {
        server.acknowledge(peer, message, sent);
        peer.send(BuddyListUserInfoResponse, { userId, userInfoList: [] }, seqNum);
      });
    });
    expect(await sending({ user: 9 }, 200)).toMatchObject({ msgId: 1 });
  });
});
