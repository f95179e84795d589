import { Commands as C, IM, MsgType } from '@teamtalk/protocol';
import { answer, type Case, exchange, pdu, script } from '../case.js';
import { callApi } from '../http.js';
import { check } from '../match.js';
import type { Peer } from '../peer.js';
import type { World } from '../world.js';

const { GROUP_MODIFY_TYPE_ADD: add, GROUP_MODIFY_TYPE_DEL: remove } = IM.BaseDefine.GroupModifyType;
const { GROUP_TYPE_NORMAL: normal, GROUP_TYPE_TMP: temporary } = IM.BaseDefine.GroupType;
const inGroup = { group: true } as const;
/** An unused id. */
const noGroup = 0x7fff_0000;
const refusal = (code: number) => code !== 0;
const sorted = (ids: readonly number[] | null | undefined) => [...(ids ?? [])].sort((x, y) => x - y).join();

async function change(
  peer: Peer,
  groupId: number,
  changeType: typeof add | typeof remove,
  memberIdList: number[],
  resultCode: number | ((code: number) => boolean) = 0,
) {
  return peer.ask(
    C.GroupChangeMemberRequest,
    C.GroupChangeMemberResponse,
    { userId: 0, changeType, groupId, memberIdList },
    { resultCode, changeType, groupId },
  );
}

async function infoOf(peer: Peer, groupId: number, version = 0) {
  const { groupInfoList } = await peer.ask(C.GroupInfoRequest, C.GroupInfoResponse, {
    userId: 0,
    groupVersionList: [{ groupId, version }],
  });
  return groupInfoList;
}

/** A change of members that must be refused: nobody is notified, and the version does not change. */
function refusedChange(
  name: string,
  wish: (peers: { creator: Peer; member: Peer; outsider: Peer }) => {
    who: Peer;
    changeType: typeof add | typeof remove;
    memberIds: number[];
    userId?: number;
  },
  proves: Case['proves'] = [],
): Case {
  return script({
    name: `groups/${name} is refused`,
    commands: [C.GroupChangeMemberRequest, C.GroupChangeMemberResponse, C.GroupChangeMemberNotify],
    is: proves.length > 0 ? ['refusal', 'fix'] : 'refusal',
    proves,
    given: { creator: 'a', member: 'b@1', outsider: 'c' },
    run: async (peers, world) => {
      const { creator, member, outsider } = peers;
      const groupId = await world.group(creator, member.id);
      const { who, changeType, memberIds, userId = 0 } = wish(peers);
      await who.ask(
        C.GroupChangeMemberRequest,
        C.GroupChangeMemberResponse,
        { userId, changeType, groupId, memberIdList: memberIds },
        { resultCode: refusal, groupId },
      );
      await world.fence(who, ...[creator, member, outsider].filter((peer) => peer !== who));
      for (const peer of [creator, member, outsider]) peer.expectNone(C.GroupChangeMemberNotify);
      const [group] = await infoOf(creator, groupId);
      check(sorted(group!.groupMemberList) === sorted([creator.id, member.id]), 'the members were changed');
      check(
        group!.version === 1 || (await infoOf(creator, groupId, group!.version)).length === 0,
        'a new version',
      );
    },
  });
}

/** Creates a normal group, which only the HTTP API can. */
async function normalGroup(world: World, creator: number, memberIds: readonly number[]): Promise<number> {
  const made = await callApi(world.target, 'CreateGroup', {
    req_user_id: creator,
    group_name: 'conformance',
    group_type: normal,
    group_avatar: '',
    // The creator is a member of an original's group only where listed.
    user_id_list: [creator, ...memberIds],
  });
  check(made.error_code === 0 && Number(made.group_id) > 0, `CreateGroup answers ${JSON.stringify(made)}`);
  return Number(made.group_id);
}

/** Groups (client-behaviour.md#groups). */
export const groupCases: readonly Case[] = [
  script({
    name: 'groups/who creates a group is a member whether listed or not',
    commands: [C.GroupCreateRequest, C.GroupCreateResponse],
    is: ['success', 'fix'],
    proves: ['fix-group-creator'],
    given: { a: 'a', b: 'b@1' },
    run: async ({ a, b }, world) => {
      for (const memberIdList of [[b.id], [a.id, b.id]]) {
        const { groupId, userIdList } = await a.ask(
          C.GroupCreateRequest,
          C.GroupCreateResponse,
          { userId: b.id, groupType: temporary, groupName: '午饭', groupAvatar: 'x', memberIdList },
          { resultCode: 0, groupName: '午饭' },
        );
        world.dissolveLater(a, groupId, [a.id, b.id]);
        check(sorted(userIdList) === sorted([a.id, b.id]), `members ${userIdList}`);
        const [group] = await infoOf(b, groupId);
        check(group !== undefined, 'a member is not told of the group');
        check(group.groupCreatorId === a.id, `created by ${group.groupCreatorId}`);
        check(group.groupName === '午饭' && group.groupType === temporary, 'another name or type');
      }
    },
  }),
  exchange({
    name: 'groups/a client makes no normal group',
    commands: [C.GroupCreateRequest, C.GroupCreateResponse],
    is: 'refusal',
    onOriginal: ['original-silent-refusal'],
    given: { a: 'a', b: 'b@1' },
    from: 'a',
    send: ({ b }) =>
      pdu(C.GroupCreateRequest, {
        userId: 0,
        groupType: normal,
        groupName: 'normal',
        groupAvatar: '',
        memberIdList: [b],
      }),
    receive: () => ({ a: [answer(C.GroupCreateResponse, { resultCode: refusal, groupName: 'normal' })] }),
  }),
  script({
    name: 'groups/infos with all members, only of newer versions',
    commands: [C.GroupInfoRequest, C.GroupInfoResponse],
    is: 'success',
    given: { a: 'a', b: 'b android@1' },
    run: async ({ a, b }, world) => {
      const groupId = await world.group(a, b.id, world.ids.c);
      const [group] = await infoOf(b, groupId);
      check(sorted(group!.groupMemberList) === sorted([a.id, b.id, world.ids.c]), 'other members');
      check((await infoOf(b, groupId, group!.version)).length === 0, 'an old version is told');
      await change(a, groupId, remove, [world.ids.c]);
      const [changed] = await infoOf(b, groupId, group!.version);
      check(changed !== undefined && changed.version > group!.version, 'a change does not grow the version');
    },
  }),
  script({
    name: 'groups/infos are for members only',
    commands: [C.GroupInfoRequest, C.GroupInfoResponse],
    is: ['refusal', 'fix'],
    proves: ['fix-group-info-members'],
    given: { a: 'a', outsider: 'c@1' },
    run: async ({ a, outsider }, world) => {
      const groupId = await world.group(a, world.ids.b);
      check((await infoOf(outsider, groupId)).length === 0, 'an outsider is told');
      check((await infoOf(a, noGroup)).length === 0, 'there is a group that is not there');
    },
  }),
  script({
    name: 'groups/the latest id, history and messages by id are for members only',
    commands: [C.MsgGetLatestMsgIdReq, C.MsgListRequest, C.MsgGetByMsgIdReq],
    is: ['refusal', 'fix'],
    proves: ['fix-latest-id-visibility'],
    given: { a: 'a', b: 'b@1', outsider: 'c@1' },
    run: async ({ a, b, outsider }, world) => {
      const groupId = await world.group(a, b.id);
      const msgId = await world.say(a, groupId, undefined, inGroup);
      check((await world.latest(b, groupId, inGroup)) === msgId, 'a member does not see the latest id');
      check((await world.latest(outsider, groupId, inGroup)) === 0, 'an outsider sees the latest id');
      const session = { userId: 0, sessionType: 2, sessionId: groupId } as const;
      await outsider.ask(
        C.MsgListRequest,
        C.MsgListResponse,
        { ...session, msgIdBegin: 0, msgCnt: 10 },
        { msgList: [] },
      );
      await outsider.ask(
        C.MsgGetByMsgIdReq,
        C.MsgGetByMsgIdRes,
        { ...session, msgIdList: [msgId] },
        { msgList: [] },
      );
    },
  }),
  script({
    name: 'groups/a message reaches all members on all servers; an outsider’s is dropped',
    commands: [C.MsgData, C.MsgDataAck],
    is: ['success', 'refusal'],
    given: { a: 'a', phone: 'a ios@1', b: 'b@1', bPhone: 'b android', outsider: 'c' },
    run: async ({ a, phone, b, bPhone, outsider }, world) => {
      const groupId = await world.group(a, b.id);
      outsider.send(C.MsgData, world.text(groupId, 'from outside', inGroup));
      await outsider.probe();
      outsider.expectNothingMore();
      for (const msgType of [MsgType.GROUP_TEXT, MsgType.GROUP_AUDIO]) {
        const message = { ...world.text(groupId), msgType };
        const { msgId } = await a.ask(C.MsgData, C.MsgDataAck, message, {
          sessionId: groupId,
          sessionType: 2,
        });
        for (const peer of [phone, b, bPhone]) {
          await peer.get(C.MsgData, {
            fromUserId: a.id,
            toSessionId: groupId,
            msgId,
            msgType,
            msgData: message.msgData,
          });
        }
      }
      check((await world.unread(b, groupId, inGroup)) === 2, 'not two unread');
      await world.fence(a, phone, b, outsider);
      for (const peer of [a, phone, b, bPhone, outsider]) peer.expectNone(C.MsgData);
    },
  }),
  script({
    name: 'groups/members who are added are told with everybody else, and see what comes from then on',
    commands: [C.GroupChangeMemberRequest, C.GroupChangeMemberResponse, C.GroupChangeMemberNotify],
    is: 'success',
    proves: ['client-push-seq'],
    given: { a: 'a', phone: 'a android@1', b: 'b', c: 'c@1' },
    run: async ({ a, phone, b, c }, world) => {
      const groupId = await world.group(a, b.id);
      await world.say(a, groupId, undefined, inGroup);
      const { curUserIdList, chgUserIdList } = await change(b, groupId, add, [c.id]);
      check(sorted(curUserIdList) === sorted([a.id, b.id, c.id]), `members ${curUserIdList}`);
      check(sorted(chgUserIdList) === sorted([c.id]), `added ${chgUserIdList}`);
      for (const peer of [a, phone, c]) {
        await peer.get(C.GroupChangeMemberNotify, {
          userId: b.id,
          changeType: add,
          groupId,
          chgUserIdList: [c.id],
          curUserIdList: (ids) => sorted(ids) === sorted([a.id, b.id, c.id]),
        });
      }
      const msgId = await world.say(a, groupId, undefined, inGroup);
      await c.get(C.MsgData, { msgId });
      const session = { userId: 0, sessionType: 2, sessionId: groupId, msgIdBegin: 0, msgCnt: 10 } as const;
      await c.ask(C.MsgListRequest, C.MsgListResponse, session, { msgList: [{ msgId }] });
      check((await world.unread(c, groupId, inGroup)) === 1, 'messages from before the join are unread');
      await world.fence(b, a, phone, c);
      for (const peer of [a, phone, b, c]) peer.expectNone(C.GroupChangeMemberNotify);
      world.dissolveLater(a, groupId, [a.id, b.id, c.id]);
    },
  }),
  script({
    name: 'groups/the creator removes a member, who is told and gets nothing more',
    commands: [C.GroupChangeMemberRequest, C.GroupChangeMemberResponse, C.GroupChangeMemberNotify],
    is: 'success',
    given: { a: 'a', b: 'b@1', c: 'c' },
    run: async ({ a, b, c }, world) => {
      const groupId = await world.group(a, b.id, c.id);
      await world.say(c, groupId, undefined, inGroup);
      await b.get(C.MsgData);
      await change(a, groupId, remove, [b.id]);
      for (const peer of [b, c]) {
        await peer.get(C.GroupChangeMemberNotify, { changeType: remove, groupId, chgUserIdList: [b.id] });
      }
      const msgId = await world.say(a, groupId, undefined, inGroup);
      await c.get(C.MsgData, { msgId });
      await world.fence(a, b);
      b.expectNone(C.MsgData);
      check((await world.unread(b, groupId, inGroup)) === 0, 'the removed member still has unread messages');
      const { contactSessionList } = await b.ask(
        C.BuddyListRecentContactSessionRequest,
        C.BuddyListRecentContactSessionResponse,
        { userId: 0, latestUpdateTime: 0 },
      );
      const left = contactSessionList.some((each) => each.sessionId === groupId && each.sessionType === 2);
      check(!left, 'the removed member still has the session');
      b.send(C.MsgData, world.text(groupId, 'from outside', inGroup));
      await b.probe();
      b.expectNone(C.MsgDataAck);
    },
  }),
  script({
    name: 'groups/a member leaves a temporary group',
    commands: [C.GroupChangeMemberRequest, C.GroupChangeMemberResponse, C.GroupChangeMemberNotify],
    is: ['success', 'fix'],
    proves: ['fix-group-leave'],
    given: { a: 'a', b: 'b@1' },
    run: async ({ a, b }, world) => {
      const groupId = await world.group(a, b.id);
      await change(b, groupId, remove, [b.id]);
      await a.get(C.GroupChangeMemberNotify, {
        userId: b.id,
        changeType: remove,
        groupId,
        chgUserIdList: [b.id],
        curUserIdList: [a.id],
      });
    },
  }),
  refusedChange(
    'adding by an outsider',
    ({ outsider }) => ({ who: outsider, changeType: add, memberIds: [outsider.id] }),
    ['fix-group-outsider-adds'],
  ),
  refusedChange(
    'adding as user 0',
    ({ outsider }) => ({ who: outsider, changeType: add, memberIds: [outsider.id], userId: 0 }),
    ['defect-group-user-0'],
  ),
  refusedChange(
    'removing in the creator’s name',
    ({ creator, member, outsider }) => ({
      who: outsider,
      changeType: remove,
      memberIds: [member.id],
      userId: creator.id,
    }),
    ['defect-group-user-0'],
  ),
  refusedChange('removing another member by a member', ({ creator, member }) => ({
    who: member,
    changeType: remove,
    memberIds: [creator.id],
  })),
  refusedChange('removing by an outsider', ({ member, outsider }) => ({
    who: outsider,
    changeType: remove,
    memberIds: [member.id],
  })),
  script({
    name: 'groups/nobody changes a group that is not there',
    commands: [C.GroupChangeMemberRequest, C.GroupChangeMemberResponse],
    is: 'refusal',
    onOriginal: ['original-silent-refusal'],
    given: { a: 'a' },
    run: async ({ a }, world) => void (await change(a, noGroup, add, [world.ids.b], refusal)),
  }),
  script({
    name: 'groups/shielding a group leaves its messages, and is told with the group',
    commands: [C.GroupShieldGroupRequest, C.GroupShieldGroupResponse],
    is: 'success',
    given: { a: 'a', b: 'b ios@1' },
    run: async ({ a, b }, world) => {
      const groupId = await world.group(a, b.id);
      await b.ask(
        C.GroupShieldGroupRequest,
        C.GroupShieldGroupResponse,
        { userId: a.id, groupId, shieldStatus: 1 },
        { resultCode: 0, groupId },
      );
      const [group] = await infoOf(b, groupId);
      check(group!.shieldStatus === 1, 'shield_status is not told');
      check((await infoOf(a, groupId))[0]!.shieldStatus === 0, 'shielded for somebody else');
      const msgId = await world.say(a, groupId, undefined, inGroup);
      await b.get(C.MsgData, { msgId });
    },
  }),
  script({
    name: 'groups/an outsider shields no group',
    commands: [C.GroupShieldGroupRequest, C.GroupShieldGroupResponse],
    is: 'refusal',
    onOriginal: ['original-silent-refusal'],
    given: { a: 'a', outsider: 'c@1' },
    run: async ({ a, outsider }, world) => {
      const groupId = await world.group(a, world.ids.b);
      for (const each of [groupId, noGroup]) {
        await outsider.ask(
          C.GroupShieldGroupRequest,
          C.GroupShieldGroupResponse,
          { userId: a.id, groupId: each, shieldStatus: 1 },
          { resultCode: refusal, groupId: each },
        );
      }
      check((await infoOf(a, groupId))[0]!.shieldStatus === 0, 'shielded by an outsider');
    },
  }),
  script({
    name: 'groups/temporary groups are not in the list of normal ones',
    commands: [C.GroupNormalListRequest, C.GroupNormalListResponse],
    is: 'refusal',
    given: { a: 'a' },
    run: async ({ a }, world) => {
      const groupId = await world.group(a, world.ids.b);
      const { groupVersionList } = await a.ask(C.GroupNormalListRequest, C.GroupNormalListResponse, {
        userId: 0,
      });
      check(!groupVersionList.some((each) => each.groupId === groupId), 'a temporary group is listed');
    },
  }),
  script({
    name: 'groups/a normal group of the HTTP API is listed for its members, and only its creator changes it',
    commands: [C.GroupNormalListRequest, C.GroupNormalListResponse, C.GroupChangeMemberNotify],
    is: ['success', 'refusal'],
    needs: ['http'],
    given: { a: 'a', b: 'b@1', outsider: 'd' },
    run: async ({ a, b, outsider }, world) => {
      const { c } = world.ids;
      const groupId = await normalGroup(world, a.id, [b.id]);
      world.dissolveLater(a, groupId, [a.id, b.id, c]);
      const listed = async (peer: Peer) =>
        (
          await peer.ask(C.GroupNormalListRequest, C.GroupNormalListResponse, { userId: a.id })
        ).groupVersionList.some((each) => each.groupId === groupId);
      check((await listed(a)) && (await listed(b)), 'a member does not see the group');
      check(!(await listed(outsider)), 'an outsider sees the group');
      const [group] = await infoOf(b, groupId);
      check(group!.groupType === normal && group!.groupCreatorId === a.id, 'another type or creator');
      await change(b, groupId, add, [c], refusal);
      await change(b, groupId, remove, [a.id], refusal);
      await change(outsider, groupId, add, [outsider.id], refusal);
      await change(a, groupId, add, [c]);
      await b.get(C.GroupChangeMemberNotify, { groupId, chgUserIdList: [c] });
      const removed = await callApi(world.target, 'ChangeMembers', {
        req_user_id: a.id,
        group_id: groupId,
        modify_type: 2,
        user_id_list: [c],
      });
      check(removed.error_code === 0, `ChangeMembers answers ${JSON.stringify(removed)}`);
      await b.get(C.GroupChangeMemberNotify, { groupId, changeType: remove, chgUserIdList: [c] });
    },
  }),
];
