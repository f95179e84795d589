import { consoleApi, type lifecycle } from '@teamtalk/rpc';
import type { SaveOutcome } from '../administration/changes.js';
import type { Context } from '../context.js';
import type { ConsoleHandlers } from './work.js';

const { ERASE_DONE, ERASE_HELD, ERASE_NOT_FOUND, ERASE_STILL_HERE } = consoleApi.console.EraseResult;

const erasureResults = {
  'not-found': ERASE_NOT_FOUND,
  'still-here': ERASE_STILL_HERE,
  held: ERASE_HELD,
} as const;

/** The gRPC service Lifecycle. */
export function lifecycleHandlers({
  erasures,
  legalHolds,
  messageExports,
  retentionRules,
}: Pick<Context, 'erasures' | 'legalHolds' | 'messageExports' | 'retentionRules'>): ConsoleHandlers<
  typeof lifecycle
> {
  return {
    async getRetention() {
      const [rules, run] = await Promise.all([retentionRules.all(), retentionRules.run()]);
      return {
        rules: rules.map(({ id, days, ...rule }) => ({ ...rule, ruleId: id, days: days ?? 0 })),
        startedAt: run.startedAt ?? 0,
        finishedAt: run.finishedAt ?? 0,
        removed: run.removed,
        removedEver: run.removedEver,
      };
    },

    async setRetention({ scope, scopeId, days }, { actor }) {
      return toReply(await retentionRules.set({ scope, scopeId, days: days || null }, actor));
    },

    async removeRetention({ id }, { actor }) {
      return toReply(await retentionRules.remove(id, actor));
    },

    async listHolds() {
      const holds = await legalHolds.all();
      return {
        holds: holds.map(({ id, userId, groupId, ...hold }) => ({
          ...hold,
          holdId: id,
          userId: userId ?? 0,
          groupId: groupId ?? 0,
        })),
      };
    },

    async placeHold({ reason, userId, groupId }, { actor }) {
      return toReply(await legalHolds.place({ reason, userId, groupId }, actor));
    },

    async releaseHold({ id }, { actor }) {
      return toReply(await legalHolds.release(id, actor));
    },

    async listExports() {
      const rows = await messageExports.all();
      return {
        exports: rows.map((row) => ({
          exportId: row.id,
          userId: row.userId ?? 0,
          groupId: row.groupId ?? 0,
          name: row.name,
          reason: row.reason,
          requestedBy: row.requestedBy,
          requestedAt: row.requestedAt,
          approvedBy: row.approvedBy ?? '',
          expiresAt: row.expiresAt ?? 0,
          writtenBy: row.writtenBy ?? '',
          writtenAt: row.writtenAt ?? 0,
          messages: row.messages ?? 0,
          manifestHash: row.manifestHash ?? '',
        })),
      };
    },

    async requestExport({ reason, userId, groupId }, { actor }) {
      return toReply(await messageExports.request({ reason, userId, groupId }, actor));
    },

    async approveExport({ id }, { actor }) {
      const outcome = await messageExports.approve(id, actor);
      return { ...toReply(outcome), isOwn: outcome.result === 'conflict' };
    },

    async listErasures() {
      const rows = await erasures.all();
      return {
        erasures: rows.map(({ id, finishedAt, ...erasure }) => ({
          ...erasure,
          erasureId: id,
          finishedAt: finishedAt ?? 0,
        })),
      };
    },

    async eraseUser({ userId, reason }, { actor }) {
      const outcome = await erasures.request(userId, reason, actor);
      if (outcome.result === 'saved') return { result: ERASE_DONE, id: outcome.id };
      return { result: erasureResults[outcome.result] };
    },
  };
}

function toReply(outcome: SaveOutcome): { found: boolean; id: number } {
  return outcome.result === 'saved' ? { found: true, id: outcome.id } : { found: false, id: 0 };
}
