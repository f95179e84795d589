import { consoleApi, type consoleGroups } from '@teamtalk/rpc';
import type { BroadcastWorker } from '../broadcasts/broadcast-worker.js';
import type { Context } from '../context.js';
import type { ModerationOutcome } from '../groups/moderated-group.js';
import { toWireChange } from './changed-group.js';
import type { ConsoleHandlers } from './work.js';

const { MODERATION_DONE, MODERATION_FULL, MODERATION_NOT_FOUND, MODERATION_UNKNOWN_USER } =
  consoleApi.console.GroupModerationResult;

const results = {
  'not-found': MODERATION_NOT_FOUND,
  'unknown-user': MODERATION_UNKNOWN_USER,
  full: MODERATION_FULL,
} as const;

/** The gRPC service ConsoleGroups. */
export function groupHandlers(
  {
    dissolvedGroups,
    groupAnnouncements,
    groupModeration,
  }: Pick<Context, 'dissolvedGroups' | 'groupAnnouncements' | 'groupModeration'>,
  worker: Pick<BroadcastWorker, 'wake'>,
): ConsoleHandlers<typeof consoleGroups> {
  return {
    async handOverGroup({ groupId, userId }, { actor }) {
      return toOutcome(await groupModeration.handOver(groupId, userId, actor));
    },

    async announceInGroup({ groupId, fromUserId, text, label, key }, { actor }) {
      const outcome = await groupAnnouncements.announce(groupId, { fromUserId, text, label, key }, actor);
      worker.wake();
      return toOutcome(outcome);
    },

    async dissolveGroup({ groupId }, { actor }) {
      return toOutcome(await dissolvedGroups.dissolve(groupId, actor));
    },

    async listDissolvedGroups({ after, limit, text }) {
      const groups = await dissolvedGroups.list(after, limit, text);
      return {
        groups: groups.map(({ id, dissolved_at: dissolvedAt, kept_until: keptUntil, ...shown }) => ({
          ...shown,
          groupId: id,
          dissolvedAt,
          keptUntil,
        })),
      };
    },

    async restoreGroup({ groupId }, { actor }) {
      return toOutcome(await dissolvedGroups.restore(groupId, actor));
    },
  };
}

function toOutcome(outcome: ModerationOutcome): consoleApi.console.GroupOutcome.$Properties {
  if (outcome.result !== 'done') return { result: results[outcome.result] };
  return { result: MODERATION_DONE, groups: outcome.groups.map(toWireChange) };
}
