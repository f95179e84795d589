import { ask, momentOf, Problem, Refusal } from '@teamtalk/administration';
import { consoleApi, lifecycle as store } from '@teamtalk/rpc';
import type { retentionScopes } from '../api/lifecycle.js';
import type { Handlers } from './handler.js';

const { ERASE_DONE, ERASE_HELD, ERASE_NOT_FOUND } = consoleApi.console.EraseResult;

type Scope = (typeof retentionScopes)[number];

export const lifecycle: Handlers<
  | 'getRetention'
  | 'setRetention'
  | 'removeRetention'
  | 'listHolds'
  | 'placeHold'
  | 'releaseHold'
  | 'listExports'
  | 'requestExport'
  | 'approveExport'
  | 'listErasures'
  | 'eraseUser'
> = {
  async getRetention(call) {
    const { rules, startedAt, finishedAt, removed, removedEver } = await ask(call, store.getRetention, {});
    return {
      rules: (rules as consoleApi.console.RetentionRule[]).map((rule) => ({
        rule_id: rule.ruleId,
        scope: rule.scope as Scope,
        scope_id: rule.scopeId || null,
        name: rule.name,
        days: rule.days || null,
        effective_at: momentOf(rule.effectiveAt),
      })),
      running: startedAt > 0 && finishedAt === 0,
      started_at: startedAt === 0 ? null : momentOf(startedAt),
      finished_at: finishedAt === 0 ? null : momentOf(finishedAt),
      removed,
      removed_ever: removedEver,
    };
  },

  async setRetention(call, { body: { scope, scope_id, days } }) {
    const request = { scope, scopeId: scope_id ?? 0, days: days ?? 0 };
    return { rule_id: found(await ask(call, store.setRetention, request), scope) };
  },

  async removeRetention(call, { params: { rule_id: id } }) {
    found(await ask(call, store.removeRetention, { id }), 'rule');
    return undefined;
  },

  async listHolds(call) {
    const { holds } = await ask(call, store.listHolds, {});
    return {
      holds: (holds as consoleApi.console.Hold[]).map((hold) => ({
        hold_id: hold.holdId,
        reason: hold.reason,
        user_id: hold.userId || null,
        group_id: hold.groupId || null,
        name: hold.name,
        placed_by: hold.placedBy,
        placed_at: momentOf(hold.placedAt),
      })),
    };
  },

  async placeHold(call, { body: { reason, user_id: userId = 0, group_id: groupId = 0 } }) {
    const reply = await ask(call, store.placeHold, { reason, userId, groupId });
    return { hold_id: found(reply, userId === 0 ? 'group' : 'user') };
  },

  async releaseHold(call, { params: { hold_id: id } }) {
    found(await ask(call, store.releaseHold, { id }), 'hold');
    return undefined;
  },

  async listExports(call) {
    const { exports } = await ask(call, store.listExports, {});
    return {
      exports: (exports as consoleApi.console.Export[]).map((each) => ({
        export_id: each.exportId,
        user_id: each.userId || null,
        group_id: each.groupId || null,
        name: each.name,
        reason: each.reason,
        requested_by: each.requestedBy,
        requested_at: momentOf(each.requestedAt),
        own: each.requestedBy === call.actor.name,
        approved_by: each.approvedBy || null,
        expires_at: each.expiresAt === 0 ? null : momentOf(each.expiresAt),
        written_by: each.writtenBy || null,
        written_at: each.writtenAt === 0 ? null : momentOf(each.writtenAt),
        messages: each.writtenAt === 0 ? null : each.messages,
        manifest_hash: each.manifestHash || null,
      })),
    };
  },

  async requestExport(call, { body: { reason, user_id: userId = 0, group_id: groupId = 0 } }) {
    const reply = await ask(call, store.requestExport, { reason, userId, groupId });
    return { export_id: found(reply, userId === 0 ? 'group' : 'user') };
  },

  async approveExport(call, { params: { export_id: id } }) {
    const reply = await ask(call, store.approveExport, { id });
    if (reply.isOwn) throw new Refusal('approver-not-independent');
    found(reply, 'export');
    return undefined;
  },

  async listErasures(call) {
    const { erasures } = await ask(call, store.listErasures, {});
    return {
      erasures: (erasures as consoleApi.console.Erasure[]).map((erasure) => ({
        erasure_id: erasure.erasureId,
        user_id: erasure.userId,
        name: erasure.name,
        reason: erasure.reason,
        requested_by: erasure.requestedBy,
        requested_at: momentOf(erasure.requestedAt),
        finished_at: erasure.finishedAt === 0 ? null : momentOf(erasure.finishedAt),
        messages: erasure.messages,
        held: erasure.held,
        devices: erasure.devices,
        places: erasure.places,
        files: erasure.files,
      })),
    };
  },

  async eraseUser(call, { body: { user_id: userId, reason } }) {
    const { result, id } = await ask(call, store.eraseUser, { userId, reason });
    if (result === ERASE_DONE) return { erasure_id: id };
    if (result === ERASE_NOT_FOUND) throw new Problem('not-found', 'there is no such user');
    throw new Refusal(result === ERASE_HELD ? 'user-on-hold' : 'user-not-left');
  },
};

/** @returns the id. @throws Problem `not-found` */
function found({ found: isThere, id }: { found: boolean; id: number }, what: string): number {
  if (isThere) return id;
  throw new Problem('not-found', `there is no such ${what}`);
}
