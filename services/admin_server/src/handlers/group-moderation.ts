import {
  ask,
  askOnce,
  groupTypes,
  momentOf,
  muteInGroup,
  Problem,
  Refusal,
  untilOf,
} from '@teamtalk/administration';
import { consoleApi, consoleGroups as store } from '@teamtalk/rpc';
import { notifyOfChange } from './group-notices.js';
import { findGroup } from './groups.js';
import type { Call, Handlers } from './handler.js';

const { MODERATION_DONE, MODERATION_FULL, MODERATION_NOT_FOUND, MODERATION_UNKNOWN_USER } =
  consoleApi.console.GroupModerationResult;

/** In front of an announcement. */
const labels = { en: '[Announcement]', 'zh-CN': '[公告]' } as const;

// What changes members is not repeated: a second attempt would change nothing, so the members would not be notified.
export const groupModeration: Handlers<
  | 'handOverGroup'
  | 'muteInGroup'
  | 'announceInGroup'
  | 'dissolveGroup'
  | 'listDissolvedGroups'
  | 'restoreGroup'
> = {
  async handOverGroup(call, { params: { group_id: groupId }, body: { user_id: userId } }) {
    const outcome = await askOnce(call, store.handOverGroup, { groupId, userId });
    await settle(call, outcome, 'successor-unknown');
    return findGroup(call, groupId);
  },

  async muteInGroup(call, { params: { group_id: groupId }, body }) {
    await muteInGroup(call, { groupId, userId: body.user_id ?? 0, until: untilOf(body) });
    return findGroup(call, groupId);
  },

  async announceInGroup(call, { params: { group_id: groupId }, body }) {
    const { key, from_user_id: fromUserId, text, language } = body;
    const request = { groupId, fromUserId, text, label: labels[language], key };
    const outcome = await ask(call, store.announceInGroup, request);
    if (outcome.result === MODERATION_UNKNOWN_USER) throw new Problem('not-found', 'there is no such bot');
    await settle(call, outcome);
    return findGroup(call, groupId);
  },

  async dissolveGroup(call, { params: { group_id: groupId } }) {
    await settle(call, await askOnce(call, store.dissolveGroup, { groupId }));
    return undefined;
  },

  async listDissolvedGroups(call, { query: { after = 0, limit, text = '' } }) {
    const page = await ask(call, store.listDissolvedGroups, { after, limit, text });
    const groups = (page.groups as consoleApi.console.DissolvedGroup[]).map((group) => ({
      group_id: group.groupId,
      name: group.name,
      type: groupTypes[group.type - 1] ?? 'normal',
      members: group.members,
      dissolved_at: momentOf(group.dissolvedAt),
      kept_until: momentOf(group.keptUntil),
    }));
    return { groups, next: groups.length < limit ? null : (groups.at(-1)?.group_id ?? null) };
  },

  async restoreGroup(call, { params: { group_id: groupId } }) {
    await settle(call, await askOnce(call, store.restoreGroup, { groupId }), 'no-such-members');
    return findGroup(call, groupId);
  },
};

/**
 * Notifies the members of the groups that have changed.
 * @param unknown code for a user who does not exist, or has left
 * @throws Problem when nothing was done
 */
async function settle(
  call: Call,
  { result, groups }: consoleApi.console.GroupOutcome,
  unknown: 'successor-unknown' | 'no-such-members' = 'no-such-members',
): Promise<void> {
  if (result === MODERATION_NOT_FOUND) throw new Problem('not-found', 'there is no such group');
  if (result === MODERATION_UNKNOWN_USER) throw new Refusal(unknown);
  if (result === MODERATION_FULL) throw new Refusal('group-full');
  if (result !== MODERATION_DONE) throw new Problem('unavailable');
  for (const changed of groups as consoleApi.console.ChangedGroup[]) {
    // Administrators are not users: clients show the first changed member as the one who made the change.
    const userId = changed.addedIds[0] ?? changed.removedIds[0] ?? 0;
    await notifyOfChange(call, userId, changed);
  }
}
