import type { TeamTalkClient } from '@teamtalk/client';
import { Commands, IM } from '@teamtalk/protocol';

/** A temporary group of the client's user and the given ones. @returns its id */
export async function createGroup(
  client: TeamTalkClient,
  memberIdList: number[],
  groupName = 'a group',
): Promise<number> {
  const { resultCode, groupId } = await client.request(
    Commands.GroupCreateRequest,
    Commands.GroupCreateResponse,
    {
      userId: 0,
      groupType: IM.BaseDefine.GroupType.GROUP_TYPE_TMP,
      groupName,
      groupAvatar: '',
      memberIdList,
    },
  );
  if (resultCode !== 0) throw new Error(`the group was not created: ${resultCode}`);
  return groupId;
}
