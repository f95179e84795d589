import { ask, momentOf, Problem } from '@teamtalk/administration';
import { type ConsoleRole, consoleApi, consolePermissionsOf, consoles, consoleWork } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { ApiReply } from '../api/index.js';
import { secondFactorStates } from '../api/session.js';
import { requireDone, tooManyAttempts } from './account-outcome.js';
import type { Call, Handlers } from './handler.js';

const { LOG_IN_CODE_NEEDED, LOG_IN_DONE, LOG_IN_TOO_MANY_ATTEMPTS, LOG_IN_WRONG_CODE } =
  consoleApi.console.LogInResult;

/** Milliseconds the store has for a login or a change of password. */
const logInMs = 5_000;
const idleMinutes = 30;

export const session: Handlers<
  | 'setUp'
  | 'logIn'
  | 'getSignOn'
  | 'getSession'
  | 'logOut'
  | 'listOwnSessions'
  | 'endOwnSession'
  | 'changeOwnPassword'
> = {
  setUp: (call, { body }) =>
    open(call, (opening) => call.replicas.callOnce(consoles.setUp, { ...body, ...opening }, logInMs)),

  logIn: (call, { body }) =>
    open(call, (opening) => call.replicas.callOnce(consoles.logIn, { ...body, ...opening }, logInMs)),

  getSignOn: async ({ signOn }) => ({ name: signOn ?? null }),

  async getSession(call) {
    const reply = await ask({ pool: call.replicas }, consoles.getSession, { session: call.session });
    if (!reply.found) throw new Problem('not-logged-in');
    return meOf(call, reply.session);
  },

  async logOut({ address, forget, replicas, session: hash }) {
    await ask({ pool: replicas }, consoles.logOut, { session: hash, address });
    forget();
    return undefined;
  },

  async listOwnSessions(call) {
    const { sessions } = await ask(call, consoleWork.listOwnSessions, {});
    return {
      sessions: (sessions as consoleApi.console.OwnSession[]).map((each) => ({
        session_id: each.sessionId,
        address: each.address,
        user_agent: each.userAgent,
        created_at: momentOf(each.createdAt),
        seen_at: momentOf(each.seenAt),
        current: each.current,
      })),
    };
  },

  async endOwnSession(call, { params: { session_id: sessionId } }) {
    requireDone(await ask(call, consoleWork.endOwnSession, { sessionId }), 'session');
    return undefined;
  },

  async changeOwnPassword(call, { body }) {
    requireDone(await ask(call, consoleWork.changeOwnPassword, body, logInMs), 'account');
    return undefined;
  },
};

/** A session to be opened. */
interface Opening {
  session: Buffer;
  address: string;
  userAgent: string;
}

/**
 * Opens a session with a new token, even if the browser already had one.
 * @param ask is not retried, because a setup token works for only one attempt
 */
async function open(
  call: Call,
  ask: (opening: Opening) => Promise<consoleApi.console.OpenedSession>,
): Promise<ApiReply<'logIn'>> {
  const { address, keep, newSession, userAgent } = call;
  const { token, hash } = newSession();
  const reply = await ask({ session: hash, address, userAgent }).catch(refuseInvalid);
  if (reply.result === LOG_IN_TOO_MANY_ATTEMPTS) throw tooManyAttempts();
  if (reply.result === LOG_IN_CODE_NEEDED) throw new Problem('code-needed');
  if (reply.result === LOG_IN_WRONG_CODE) throw new Problem('wrong-code');
  if (reply.result !== LOG_IN_DONE || !reply.session) throw new Problem('wrong-login');
  keep(token);
  return meOf(call, reply.session);
}

function refuseInvalid(error: unknown): never {
  if (error instanceof TeamTalkError && error.code === 'invalid-argument') {
    throw new Problem('invalid-request', error.message.replace(/^\S+: /, ''));
  }
  throw error;
}

function meOf(
  { pictures }: Pick<Call, 'pictures'>,
  found: consoleApi.console.Session.$Properties | null | undefined,
): ApiReply<'getSession'> {
  const role = (found?.role ?? '') as ConsoleRole;
  return {
    account_id: found?.accountId ?? 0,
    name: found?.name ?? '',
    role,
    permissions: consolePermissionsOf(role),
    department_id: found?.departmentId || null,
    second_factor: secondFactorStates[found?.secondFactor ?? 0] ?? 'off',
    uploads: pictures !== undefined,
    expires_at: momentOf(found?.expiresAt ?? 0),
    idle_minutes: idleMinutes,
  };
}
