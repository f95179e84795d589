import { consoleApi, type consoleWork, mayInConsole } from '@teamtalk/rpc';
import { coalesce } from '@teamtalk/service-kit';
import type { Actor } from '../actor.js';
import type { Context } from '../context.js';
import type { DepartureOutcome } from '../groups/departures.js';
import type { AccountOutcome, SetupToken } from './accounts.js';
import type { Refusal } from './attempts.js';
import { bulkChangeHandlers } from './bulk-changes.js';
import { toWireChange } from './changed-group.js';
import type { RecoveryCodes } from './own-second-factor.js';
import { savedViewHandlers } from './saved-view-handlers.js';
import type { ConsoleSession } from './sessions.js';
import { userImportHandlers } from './user-imports.js';

const {
  ACCOUNT_CONFLICT,
  ACCOUNT_DONE,
  ACCOUNT_NOT_FOUND,
  ACCOUNT_TOO_MANY_ATTEMPTS,
  ACCOUNT_WRONG_CODE,
  ACCOUNT_WRONG_PASSWORD,
} = consoleApi.console.AccountResult;

const { DEPARTURE_CONFLICT, DEPARTURE_DONE, DEPARTURE_NOT_FOUND, DEPARTURE_UNKNOWN_SUCCESSOR } =
  consoleApi.console.DepartureResult;

const departureResults = {
  'not-found': DEPARTURE_NOT_FOUND,
  conflict: DEPARTURE_CONFLICT,
  'unknown-successor': DEPARTURE_UNKNOWN_SUCCESSOR,
} as const;

const { MERGE_DONE, MERGE_NOT_FOUND, MERGE_WRONG_DEPARTMENT } = consoleApi.console.MergeResult;

const mergeResults = {
  'not-found': MERGE_NOT_FOUND,
  'unknown-department': MERGE_WRONG_DEPARTMENT,
} as const;

const results = { done: ACCOUNT_DONE, 'not-found': ACCOUNT_NOT_FOUND, conflict: ACCOUNT_CONFLICT } as const;

const refusals: Readonly<Record<Refusal, consoleApi.console.AccountResult>> = {
  wrong: ACCOUNT_WRONG_PASSWORD,
  'wrong-code': ACCOUNT_WRONG_CODE,
  'code-needed': ACCOUNT_WRONG_CODE,
  limited: ACCOUNT_TOO_MANY_ATTEMPTS,
};

/** The session and actor of a call from the console. */
export interface ConsoleCaller {
  session: ConsoleSession;
  actor: Actor;
}

/** Handlers for every method of a service that only the console calls. */
export type ConsoleHandlers<Service> = {
  readonly [Name in keyof Service]: Service[Name] extends {
    readonly types?: [unknown, infer Request, infer Reply, unknown];
  }
    ? (request: Request, caller: ConsoleCaller) => Promise<Reply>
    : never;
};

/** The gRPC service ConsoleWork. */
export function consoleWorkHandlers(context: Context): ConsoleHandlers<typeof consoleWork> {
  const { consoleAccounts, consoleAttempts, consoleLogins, consoleReports, consoleSessions, departures } =
    context;
  const {
    clientBuilds,
    departmentMerges,
    installationReports,
    loginFailures,
    loginLimit,
    ownSecondFactor,
    userStandings,
  } = context;
  // Reads the whole chain, so concurrent requests share one run.
  const verify = coalesce(() => consoleReports.verifyAudit());

  return {
    ...userImportHandlers(context),
    ...bulkChangeHandlers(context),
    ...savedViewHandlers(context),

    async getCounts() {
      const { users, users_left: usersLeft, departments, groups } = await consoleReports.counts();
      return { users, usersLeft, departments, groups };
    },

    getQueues: () => installationReports.queues(),

    listClients: async () => ({ clients: await clientBuilds.all() }),

    getSchema: () => installationReports.schema(),

    async getImportProgress() {
      return (await consoleReports.importProgress()) ?? {};
    },

    async listAuditEvents(filter) {
      const rows = await consoleReports.auditEvents(filter);
      return {
        events: rows.map(({ id, as_user, before, after, ...shown }) => ({
          ...shown,
          eventId: id,
          asUser: as_user ?? 0,
          before: before ?? '',
          after: after ?? '',
        })),
      };
    },

    async verifyAudit() {
      const verdict = await verify(0);
      if (!verdict.intact) {
        const { code: fault, event: faultEvent, other: otherEvent } = verdict.fault;
        return { problem: verdict.problem, fault, faultEvent, otherEvent };
      }
      const { events, first, last } = verdict;
      return { events, first, last: last.id, lastHash: last.hash };
    },

    async listApps() {
      const apps = await consoleReports.apps();
      return {
        apps: apps.map(({ id, userId, rate, createdAt, revokedAt, keySetAt, usedAt, ...shown }) => ({
          ...shown,
          appId: id,
          userId: userId ?? 0,
          rate: rate ?? 0,
          createdAt: createdAt.getTime() / 1000,
          revokedAt: revokedAt ? revokedAt.getTime() / 1000 : 0,
          keySetAt: keySetAt.getTime() / 1000,
          usedAt: usedAt ? usedAt.getTime() / 1000 : 0,
        })),
      };
    },

    async listWebhooks() {
      const webhooks = await consoleReports.webhooks();
      return {
        webhooks: webhooks.map(({ id, url, botId, ...shown }) => ({
          ...shown,
          webhookId: id,
          origin: new URL(url).origin,
          botId: botId ?? 0,
        })),
      };
    },

    async leaveGroups({ userId, successorId }, { actor }) {
      return toChangedGroups(await departures.leave(userId, successorId, actor));
    },

    async rejoinGroups({ userId }, { actor }) {
      return toChangedGroups(await departures.rejoin(userId, actor));
    },

    async mergeDepartment({ departmentId, intoId }, { actor }) {
      const outcome = await departmentMerges.merge(departmentId, intoId, actor);
      if (outcome.result !== 'done') return { result: mergeResults[outcome.result] };
      return { result: MERGE_DONE, moved: outcome.moved, remaining: outcome.remaining };
    },

    async listAccounts() {
      const [rows, locked] = await Promise.all([consoleAccounts.all(), consoleAttempts.locked()]);
      return {
        accounts: rows.map((row) => ({
          accountId: row.id,
          name: row.name,
          role: row.role,
          disabled: row.disabled,
          setUp: row.set_up,
          sessions: row.sessions,
          createdAt: row.created_at,
          lastLoginAt: row.last_login_at ?? 0,
          departmentId: row.departmentId ?? 0,
          secondFactor: row.second_factor,
          locked: locked.has(row.name),
          email: row.email,
          signsOn: row.signs_on,
        })),
      };
    },

    async createAccount({ name, role, departmentId, email }, { actor }) {
      const account = { name, role, departmentId: departmentId || null, ...(email && { email }) };
      return toInvitation(await consoleAccounts.create(account, actor));
    },

    async changeAccount({ accountId, role, disabled, departmentId, email }, { actor }) {
      const fields = {
        role: role ?? null,
        disabled: disabled ?? null,
        departmentId: departmentId || null,
        email: email ?? null,
      };
      return { result: results[await consoleAccounts.change(accountId, fields, actor)] };
    },

    async deleteAccount({ accountId }, { session, actor }) {
      if (accountId === session.account_id) return { result: ACCOUNT_CONFLICT };
      return { result: results[await consoleAccounts.delete(accountId, actor)] };
    },

    async inviteAccount({ accountId }, { actor }) {
      return toInvitation(await consoleAccounts.invite(accountId, actor));
    },

    async endAccountSessions({ accountId }, { actor }) {
      return { result: results[await consoleAccounts.endSessions(accountId, actor)] };
    },

    async unlockAccount({ accountId }, { actor }) {
      return { result: results[await consoleAccounts.unlock(accountId, actor)] };
    },

    async listLoginFailures({ userId }) {
      const rows = await loginFailures.ofUser(userId);
      return {
        failures: rows.map(({ last_at: lastAt, ...shown }) => ({ ...shown, lastAt })),
        maxFailures: loginLimit.maxFailures,
        windowSeconds: loginLimit.windowSeconds,
      };
    },

    async unlockUser({ userId }, { actor }) {
      return { result: (await loginFailures.unlock(userId, actor)) ? ACCOUNT_DONE : ACCOUNT_NOT_FOUND };
    },

    getUserStanding: ({ userId }, { session }) =>
      userStandings.of(userId, (permission) => mayInConsole(session.role, permission)),

    async resetSecondFactor({ accountId }, { session, actor }) {
      // Removing one's own needs a code, so that a stolen session is not enough.
      if (accountId === session.account_id) return { result: ACCOUNT_CONFLICT };
      return { result: results[await consoleAccounts.resetSecondFactor(accountId, actor)] };
    },

    async beginSecondFactor({ password }, { session, actor }) {
      const begun = await ownSecondFactor.begin(session, password, actor);
      if (begun === 'conflict') return { result: ACCOUNT_CONFLICT };
      return typeof begun === 'string' ? { result: refusals[begun] } : { result: ACCOUNT_DONE, ...begun };
    },

    async confirmSecondFactor({ code }, { session, actor }) {
      return toRecoveryCodes(await ownSecondFactor.confirm(session, code, actor));
    },

    async renewRecoveryCodes({ code }, { session, actor }) {
      return toRecoveryCodes(await ownSecondFactor.renewRecoveryCodes(session, code, actor));
    },

    async removeSecondFactor({ code }, { session, actor }) {
      return toRecoveryCodes(await ownSecondFactor.remove(session, code, actor));
    },

    async listOwnSessions(_request, { session }) {
      const rows = await consoleSessions.ofAccount(session.account_id);
      return {
        sessions: rows.map((row) => ({
          sessionId: row.id,
          address: row.address,
          userAgent: row.user_agent,
          createdAt: row.created_at,
          seenAt: row.seen_at,
          current: row.id === session.id,
        })),
      };
    },

    async endOwnSession({ sessionId }, { session, actor }) {
      return { result: results[await consoleAccounts.endSession(session.account_id, sessionId, actor)] };
    },

    async changeOwnPassword({ current, password }, { session, actor }) {
      return { result: await consoleLogins.changePassword(session, current, password, actor.source) };
    },
  };
}

function toChangedGroups(outcome: DepartureOutcome): consoleApi.console.ChangedGroups.$Properties {
  if (outcome.result !== 'done') return { result: departureResults[outcome.result] };
  const { groups, remaining } = outcome;
  return {
    result: DEPARTURE_DONE,
    groups: groups.map(toWireChange),
    remaining,
  };
}

function toRecoveryCodes(
  outcome: RecoveryCodes | Refusal,
): consoleApi.console.RecoveryCodes.$Properties & { result: consoleApi.console.AccountResult } {
  if (typeof outcome === 'string') return { result: refusals[outcome] };
  return { result: ACCOUNT_DONE, codes: outcome.codes };
}

function toInvitation(outcome: SetupToken | AccountOutcome): consoleApi.console.Invitation.$Properties {
  if (typeof outcome === 'string') return { result: results[outcome] };
  return { result: ACCOUNT_DONE, ...outcome };
}
