import type { Handlers, groups as service } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Context } from '../context.js';
import { isSwitch } from '../database/switch.js';
import { changeMembers } from './change-members.js';
import { createGroup } from './create-group.js';

/** Most groups in one request. */
const maxGroups = 5_000;

/** The gRPC service Groups. */
export function groupsRpc(context: Context): Handlers<typeof service> {
  const { groups } = context;
  return {
    /**
     * The normal groups of a user with their versions (0x0401; client-behaviour.md#group-lists), the newest first.
     * Clients learn of temporary groups from their sessions.
     */
    async listGroups({ userId }) {
      const rows = await groups.normalGroupsOf(userId);
      return { groups: rows.map(({ id, version }) => ({ groupId: id, version })) };
    },

    /**
     * Groups with all members (0x0403; client-behaviour.md#group-lists), by id: of the requested ones those the user is a
     * member of and whose version is newer than the given one. The shield is that of the user.
     */
    async getGroups({ userId, groups: asked }) {
      if (asked.length > maxGroups) {
        throw new TeamTalkError('invalid-argument', `at most ${maxGroups} groups can be asked for at once`);
      }
      const known = asked.map(({ groupId, version }) => ({ id: groupId ?? 0, version: version ?? 0 }));
      const rows = await groups.changed(userId, known);
      return {
        groups: rows.map((row) => ({
          groupId: row.id,
          version: row.version,
          groupName: row.name,
          groupAvatar: row.avatar,
          groupCreatorId: row.creator_id,
          groupType: row.type,
          shieldStatus: row.shield ? 1 : 0,
          groupMemberList: row.member_ids,
        })),
      };
    },

    createGroup: createGroup(context),
    changeMembers: changeMembers(context),

    /**
     * Mutes or unmutes a group for one member (0x0409; client-behaviour.md#muted-groups), without changing the group's
     * version. Non-members, and values other than 0 and 1, are refused.
     */
    async shieldGroup({ userId, groupId, shieldStatus }) {
      return {
        done: isSwitch(shieldStatus) && (await groups.setShield(groupId, userId, shieldStatus === 1)),
      };
    },
  };
}
