import { IM } from '@teamtalk/protocol';

const { GROUP_TYPE_TMP } = IM.BaseDefine.GroupType;

/** The fields of a group that decide who may change its members. */
export interface GroupRights {
  /** 1 normal, 2 temporary */
  type: number;
  /** 0: none */
  creatorId: number;
  /** members of a temporary group cannot add others; left out: they can */
  ownerAddsOnly?: boolean;
  memberIds: ReadonlySet<number>;
}

export interface WantedChange {
  kind: 'add' | 'remove';
  /** the requesting user */
  userId: number;
  /** users to add or remove */
  userIds: readonly number[];
}

/**
 * Whether a user may change the members of a group (client-behaviour.md#changing-members):
 *
 * |                  | add      | remove others | remove only oneself |
 * |------------------|----------|---------------|---------------------|
 * | temporary, any member | yes | no            | yes                 |
 * | temporary, its creator | yes | yes          | yes                 |
 * | normal, any member | no     | no            | no                  |
 * | normal, its creator | yes   | yes           | yes                 |
 * | an outsider      | no       | no            | no                  |
 *
 * With `ownerAddsOnly` only the creator adds. A creator who is no longer a member is an outsider. Requests by administrators (the HTTP API) are not checked here. A
 * request is granted as a whole or not at all.
 */
export function mayChangeMembers(group: GroupRights, { kind, userId, userIds }: WantedChange): boolean {
  if (!group.memberIds.has(userId)) return false;
  if (userId === group.creatorId) return true;
  if (group.type !== GROUP_TYPE_TMP) return false;
  if (kind === 'add') return !group.ownerAddsOnly;
  return userIds.every((id) => id === userId);
}
