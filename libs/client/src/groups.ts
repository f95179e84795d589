import { Commands, IM } from '@teamtalk/protocol';
import { requireDone } from './errors.js';
import type { Requester } from './requester.js';

const { GROUP_TYPE_TMP } = IM.BaseDefine.GroupType;
const { GROUP_MODIFY_TYPE_ADD, GROUP_MODIFY_TYPE_DEL } = IM.BaseDefine.GroupModifyType;

type GroupInfo = IM.BaseDefine.GroupInfo.$Properties;

/** Requests about groups (client-behaviour.md#groups). They fail like other requests, and with `Refused`. */
export class Groups {
  readonly #requester: Requester;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  /** Ids and versions of the user's normal groups (0x0401); temporary ones are found by their sessions. */
  async list(): Promise<IM.BaseDefine.GroupVersionInfo.$Properties[]> {
    const { groupVersionList } = await this.#requester.request(
      Commands.GroupNormalListRequest,
      Commands.GroupNormalListResponse,
      { userId: this.#requester.userId },
    );
    return groupVersionList ?? [];
  }

  /**
   * Groups with their members (0x0403). Groups the user is not a member of are left out, and so are those not newer than
   * the `version` given.
   *
   * @param groups ids, or entries of `list` with the versions already known; at most 5,000
   */
  async info(
    groups: ReadonlyArray<number | { groupId: number; version: number }>,
    options: { deadlineMs?: number } = {},
  ): Promise<GroupInfo[]> {
    const { groupInfoList } = await this.#requester.request(
      Commands.GroupInfoRequest,
      Commands.GroupInfoResponse,
      {
        userId: this.#requester.userId,
        groupVersionList: groups.map((group) =>
          typeof group === 'number' ? { groupId: group, version: 0 } : group,
        ),
      },
      options,
    );
    return groupInfoList ?? [];
  }

  /**
   * Creates a temporary group of the user and the given members (0x0405). The others learn of it by its first message.
   *
   * @returns its id
   * @throws Refused 2 not permitted, 3 invalid name, 4 too many members
   */
  async create(name: string, memberIds: readonly number[], avatar = ''): Promise<number> {
    const { resultCode, groupId } = await this.#requester.request(
      Commands.GroupCreateRequest,
      Commands.GroupCreateResponse,
      {
        userId: this.#requester.userId,
        groupType: GROUP_TYPE_TMP,
        groupName: name,
        groupAvatar: avatar,
        memberIdList: [...memberIds],
      },
    );
    requireDone('creating the group', resultCode);
    return groupId;
  }

  /** @returns the resulting members. @throws Refused 1 no such group, 2 not permitted, 3 invalid, 4 too many members */
  addMembers(groupId: number, memberIds: readonly number[]): Promise<number[]> {
    return this.#change(GROUP_MODIFY_TYPE_ADD, groupId, memberIds);
  }

  /** Removes members; removing oneself leaves the group. @returns the resulting members. @throws Refused as `addMembers` */
  removeMembers(groupId: number, memberIds: readonly number[]): Promise<number[]> {
    return this.#change(GROUP_MODIFY_TYPE_DEL, groupId, memberIds);
  }

  /** Turns pushes of a group's messages to the user's phones off or on (0x0409). @throws Refused 1 not a member */
  async setMuted(groupId: number, isMuted: boolean): Promise<void> {
    const { resultCode } = await this.#requester.request(
      Commands.GroupShieldGroupRequest,
      Commands.GroupShieldGroupResponse,
      { userId: this.#requester.userId, groupId, shieldStatus: isMuted ? 1 : 0 },
    );
    requireDone('muting the group', resultCode);
  }

  async #change(
    changeType: IM.BaseDefine.GroupModifyType,
    groupId: number,
    memberIds: readonly number[],
  ): Promise<number[]> {
    const { resultCode, curUserIdList } = await this.#requester.request(
      Commands.GroupChangeMemberRequest,
      Commands.GroupChangeMemberResponse,
      { userId: this.#requester.userId, changeType, groupId, memberIdList: [...memberIds] },
    );
    requireDone('changing the members', resultCode);
    return curUserIdList ?? [];
  }
}
