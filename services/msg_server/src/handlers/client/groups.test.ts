import { Commands, IM } from '@teamtalk/protocol';
import { teamtalk } from '@teamtalk/rpc';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../../testing/test-server.js';

const { GROUP_NOT_PERMITTED, GROUP_FULL } = teamtalk.db.GroupResult;
const { GROUP_MODIFY_TYPE_ADD: add, GROUP_MODIFY_TYPE_DEL: remove } = IM.BaseDefine.GroupModifyType;
const { CLIENT_TYPE_ANDROID } = IM.BaseDefine.ClientType;

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

describe('group requests', () => {
  it('0x0401: ids and versions of the user’s groups', async () => {
    const client = await server.logIn(1);
    server.db.answers.replies.listGroups = { groups: [{ groupId: 5, version: 2 }, { groupId: 6 }] };
    const answer = await client.ask(
      Commands.GroupNormalListRequest,
      { userId: 99 },
      Commands.GroupNormalListResponse,
    );
    expect(server.db.answers.asked('listGroups')).toMatchObject([{ userId: 1 }]);
    expect(answer).toMatchObject({
      userId: 1,
      groupVersionList: [
        { groupId: 5, version: 2 },
        { groupId: 6, version: 0 },
      ],
    });
  });

  it('0x0403: infos of groups, asked for with the versions the client knows', async () => {
    const client = await server.logIn(1);
    server.db.answers.replies.getGroups = {
      groups: [{ groupId: 5, version: 3, groupType: 2, groupName: 'five', groupMemberList: [1, 2] }],
    };
    const answer = await client.ask(
      Commands.GroupInfoRequest,
      { userId: 99, groupVersionList: [{ groupId: 5, version: 2 }] },
      Commands.GroupInfoResponse,
    );
    expect(server.db.answers.asked('getGroups')).toMatchObject([
      { userId: 1, groups: [{ groupId: 5, version: 2 }] },
    ]);
    expect(answer).toMatchObject({
      userId: 1,
      groupInfoList: [
        {
          groupId: 5,
          version: 3,
          groupName: 'five',
          groupAvatar: '',
          groupCreatorId: 0,
          groupType: 2,
          shieldStatus: 0,
          groupMemberList: [1, 2],
        },
      ],
    });
    const none = await client.ask(
      Commands.GroupInfoRequest,
      { userId: 1, groupVersionList: [] },
      Commands.GroupInfoResponse,
    );
    expect(none).toMatchObject({ userId: 1, groupInfoList: [] });
  });

  it('0x0405: creates a group or refuses with a reason', async () => {
    const client = await server.logIn(1);
    const wanted = { userId: 99, groupType: 2, groupName: 'new', groupAvatar: 'a', memberIdList: [2, 3] };
    const create = (groupType: number) =>
      client.ask(Commands.GroupCreateRequest, { ...wanted, groupType }, Commands.GroupCreateResponse);
    server.db.answers.replies.createGroup = { groupId: 7, memberIds: [1, 2, 3] };
    expect(await create(2)).toMatchObject({
      userId: 1,
      resultCode: 0,
      groupId: 7,
      groupName: 'new',
      userIdList: [1, 2, 3],
    });
    expect(server.db.answers.asked('createGroup')).toMatchObject([
      { userId: 1, groupType: 2, groupName: 'new', groupAvatar: 'a', memberIds: [2, 3], byAdmin: false },
    ]);
    server.db.answers.replies.createGroup = { result: GROUP_NOT_PERMITTED };
    const refused = await create(1);
    expect(refused).toMatchObject({ userId: 1, resultCode: 2, groupName: 'new', userIdList: [] });
    expect(Object.hasOwn(refused, 'groupId')).toBe(false);
  });

  it('0x0405 is not retried when the outcome is unknown', async () => {
    const client = await server.logIn(1);
    const asked = server.db.answers.asked('createGroup').length;
    server.db.answers.replies.createGroup = () => Promise.reject(new Error('lost'));
    await client.send(Commands.GroupCreateRequest, {
      userId: 1,
      groupType: 2,
      groupName: 'x',
      groupAvatar: '',
      memberIdList: [],
    });
    await client.ask(Commands.MsgTimeRequest, {}, Commands.MsgTimeResponse);
    expect(client.pending).toEqual([]);
    expect(server.db.answers.asked('createGroup')).toHaveLength(asked + 1);
  });

  it('0x0409: mutes a group, for members only', async () => {
    const client = await server.logIn(1);
    const shield = () =>
      client.ask(
        Commands.GroupShieldGroupRequest,
        { userId: 99, groupId: 5, shieldStatus: 1 },
        Commands.GroupShieldGroupResponse,
      );
    expect(await shield()).toMatchObject({ userId: 1, groupId: 5, resultCode: 0 });
    expect(server.db.answers.asked('shieldGroup')).toMatchObject([
      { userId: 1, groupId: 5, shieldStatus: 1 },
    ]);
    server.db.answers.replies.shieldGroup = { done: false };
    expect(await shield()).toMatchObject({ userId: 1, groupId: 5, resultCode: 1 });
  });
});

describe('0x0407, changing members', () => {
  const change = (changeType: typeof add | typeof remove, memberIdList: number[]) =>
    [
      Commands.GroupChangeMemberRequest,
      { userId: 99, changeType, groupId: 5, memberIdList },
      Commands.GroupChangeMemberResponse,
    ] as const;

  it('notifies current and changed members, except the requesting connection', async () => {
    const client = await server.logIn(2);
    server.db.answers.replies.changeMembers = { currentIds: [1, 2], changedIds: [3], version: 9 };
    const answer = await client.ask(...change(remove, [3, 4]));
    expect(answer).toMatchObject({
      userId: 2,
      changeType: remove,
      resultCode: 0,
      groupId: 5,
      curUserIdList: [1, 2],
      chgUserIdList: [3],
    });
    expect(server.db.answers.asked('changeMembers').at(-1)).toMatchObject({
      userId: 2,
      changeType: remove,
      groupId: 5,
      memberIds: [3, 4],
      byAdmin: false,
    });
    const [notified] = server.route.groupChangesReceived();
    expect(notified).toMatchObject({
      groupId: 5,
      version: 9,
      removedIds: [3],
      userIds: [1, 2, 3],
      exceptInstance: server.node,
      exceptConnection: server.connectionOf(2),
      seqNum: 0,
      message: { userId: 2, changeType: remove, groupId: 5, curUserIdList: [1, 2], chgUserIdList: [3] },
    });
  });

  it('removes nobody from deliveries when it adds', async () => {
    const client = await server.logIn(2);
    server.db.answers.replies.changeMembers = { currentIds: [1, 2, 3], changedIds: [3], version: 10 };
    await client.ask(...change(add, [3]));
    expect(server.route.groupChangesReceived().at(-1)).toMatchObject({ removedIds: [], userIds: [1, 2, 3] });
  });

  it('notifies nobody when nothing changed or it was refused', async () => {
    const client = await server.logIn(2);
    const before = server.route.groupChanges.length;
    server.db.answers.replies.changeMembers = { currentIds: [1, 2], changedIds: [] };
    expect(await client.ask(...change(add, [1]))).toMatchObject({ resultCode: 0, curUserIdList: [1, 2] });
    server.db.answers.replies.changeMembers = { result: GROUP_FULL };
    expect(await client.ask(...change(add, [4]))).toMatchObject({
      userId: 2,
      resultCode: 4,
      groupId: 5,
      curUserIdList: [],
      chgUserIdList: [],
    });
    await server.bus.flush();
    expect(server.route.groupChanges).toHaveLength(before);
  });

  it('is answered although members cannot be notified, after a second attempt', async () => {
    const client = await server.logIn(2);
    const before = server.route.groupChanges.length;
    server.route.answersGroupChanges = false;
    server.db.answers.replies.changeMembers = { currentIds: [1, 2], changedIds: [1], version: 11 };
    expect(await client.ask(...change(add, [1]))).toMatchObject({ resultCode: 0, chgUserIdList: [1] });
    server.route.answersGroupChanges = true;
    expect(server.route.groupChanges).toHaveLength(before + 2);
    expect(await server.metric('group_changes_untold_total')).toBe(1);
  });

  it('is sent as 0x040b once, however often the event arrives', async () => {
    const pc = await server.logIn(20);
    const mobile = await server.logIn(20, CLIENT_TYPE_ANDROID);
    const pdu = Buffer.from(server.route.groupChanges[0]!.notify!.pdu!);
    const event = { groupId: 5, version: 12, notify: { userIds: [20, 21], pdu } };
    await server.route.changeGroup(server.node, event);
    await server.route.changeGroup(server.node, event);
    for (const client of [pc, mobile]) {
      expect(await client.receive(Commands.GroupChangeMemberNotify)).toMatchObject({ seqNum: 0, groupId: 5 });
      await client.roundTrip();
      expect(client.pending).toEqual([]);
    }
    await server.route.changeGroup(server.node, { ...event, version: 13 });
    await pc.receive(Commands.GroupChangeMemberNotify);
  });
});
