import type { Bus } from '@teamtalk/bus';
import {
  administration,
  bots,
  consoleApi,
  consoleApps,
  consoleBroadcasts,
  consoleGroups,
  consoleMethods,
  consolePushes,
  consoleWebhooks,
  consoleWork,
  departmentRole,
  groups,
  type Handlers,
  lifecycle,
  type Method,
  mayInConsole,
  type consoles as service,
} from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { BroadcastWorker } from '../broadcasts/broadcast-worker.js';
import type { Context } from '../context.js';
import { appHandlers } from './apps.js';
import { broadcastHandlers } from './broadcasts.js';
import { groupHandlers } from './groups.js';
import { lifecycleHandlers } from './lifecycle.js';
import { consoleActor } from './log-in.js';
import { pushHandlers } from './pushes.js';
import type { ConsoleSession, NewSession } from './sessions.js';
import { webhookHandlers } from './webhooks.js';
import { type ConsoleCaller, consoleWorkHandlers } from './work.js';

const { CALL_DONE, CALL_NO_SESSION, CALL_NOT_PERMITTED, CALL_SECOND_FACTOR_NEEDED } =
  consoleApi.console.CallResult;
const { LOG_IN_DONE } = consoleApi.console.LogInResult;
const { SECOND_FACTOR_NEEDED } = consoleApi.console.SecondFactor;

/** The services whose methods the console may call, the worker that sends its broadcasts, and the way to push_servers. */
interface Served {
  administration: Handlers<typeof administration>;
  groups: Handlers<typeof groups>;
  bots: Handlers<typeof bots>;
  broadcasts: Pick<BroadcastWorker, 'wake'>;
  bus: Pick<Bus, 'request'>;
}

interface Callable {
  method: Method<unknown, object, unknown, unknown>;
  handle: (request: object, caller: ConsoleCaller) => Promise<unknown>;
}

/** Length of a SHA-256, bytes. */
const hashBytes = 32;

/** The gRPC service Console. */
export function consoleRpc(context: Context, served: Served): Handlers<typeof service> {
  const { consoleLogins, consoleSessions, consoleSignOn, departmentScope, kit, secondFactors } = context;
  const callable = callableMethods(context, served);
  const refused = kit.metrics.counter(
    'console_refused_total',
    'Calls from the console that the account’s role does not allow',
    ['method'],
  );

  const find = async (hash: Uint8Array): Promise<ConsoleSession | undefined> =>
    hash.length === hashBytes ? consoleSessions.find(hash) : undefined;

  const toSession = (session: ConsoleSession): consoleApi.console.Session.$Properties => ({
    accountId: session.account_id,
    name: session.name,
    role: session.role,
    expiresAt: session.expires_at,
    departmentId: session.department_id ?? 0,
    secondFactor: secondFactors.stateOf(session),
  });

  /** The response to an attempt, with the session if one was opened. */
  async function opened(
    outcome: consoleApi.console.OpenedSession.$Properties,
    { hash }: NewSession,
  ): Promise<consoleApi.console.OpenedSession.$Properties> {
    if (outcome.result !== LOG_IN_DONE) return outcome;
    const session = await find(hash);
    return { ...outcome, session: session && toSession(session) };
  }

  return {
    async call({ session: hash, address, method: path, request: bytes }) {
      const session = await find(hash);
      if (!session) return { result: CALL_NO_SESSION };
      const [needs, target] = [consoleMethods.get(path), callable.get(path)];
      if (!needs || !target)
        throw new TeamTalkError('not-permitted', `${path} cannot be called from the console`);
      const request = target.method.requestDeserialize(Buffer.from(bytes)) as object;
      const { role, department_id: department } = session;
      const needed = needs(request);
      // The method concerns the caller's own account.
      const isOwn = needed.length === 0;
      if (!isOwn && secondFactors.stateOf(session) === SECOND_FACTOR_NEEDED)
        return { result: CALL_SECOND_FACTOR_NEEDED };
      const may =
        isOwn ||
        (needed.every((permission) => mayInConsole(role, permission)) &&
          (role !== departmentRole || (await departmentScope.allows(department, path, request))));
      if (!may) {
        refused.inc({ method: path.split('/').at(-1) ?? path });
        return { result: CALL_NOT_PERMITTED };
      }
      const actor = consoleActor(session.name, address);
      const reply = await target.handle(Object.assign(request, { actor }), { session, actor });
      return { result: CALL_DONE, reply: target.method.responseSerialize(reply) };
    },

    async setUp({ token, password, code, session, address, userAgent }) {
      const wanted = newSession(session, address, userAgent);
      return opened(await consoleLogins.setUp(token, password, code, wanted), wanted);
    },

    async logIn({ name, password, code, session, address, userAgent }) {
      const wanted = newSession(session, address, userAgent);
      return opened(await consoleLogins.logIn(name, password, code, wanted), wanted);
    },

    async signOn({ issuer, subject, email, role, session, address, userAgent }) {
      const wanted = newSession(session, address, userAgent);
      const result = await consoleSignOn.signOn({ issuer, subject, email, role }, wanted);
      return opened(consoleLogins.counted(result, address), wanted);
    },

    async getSession({ session: hash }) {
      const session = await find(hash);
      return { found: session !== undefined, session: session && toSession(session) };
    },

    async logOut({ session: hash, address }) {
      const session = await find(hash);
      if (!session) return { found: false };
      await consoleLogins.logOut(session, address);
      return { found: true };
    },
  };
}

/** The methods that the console may call, by path. */
function callableMethods(context: Context, served: Served): Map<string, Callable> {
  const all = new Map<string, Callable>();
  const add = (methods: object, handlers: object) => {
    for (const [name, method] of Object.entries(methods) as [string, Callable['method']][]) {
      const handle = (handlers as Record<string, Callable['handle']>)[name];
      if (handle && consoleMethods.has(method.path)) all.set(method.path, { method, handle });
    }
  };
  add(administration, served.administration);
  add(groups, served.groups);
  add(bots, served.bots);
  add(consoleWork, consoleWorkHandlers(context));
  add(lifecycle, lifecycleHandlers(context));
  add(consoleApps, appHandlers(context));
  add(consoleWebhooks, webhookHandlers(context));
  add(consolePushes, pushHandlers(context, served.bus));
  add(consoleBroadcasts, broadcastHandlers(context, served.broadcasts));
  add(consoleGroups, groupHandlers(context, served.broadcasts));
  return all;
}

/** @throws TeamTalkError `invalid-argument` when the hash is not a SHA-256 */
function newSession(hash: Uint8Array, address: string, userAgent: string): NewSession {
  if (hash.length !== hashBytes) throw new TeamTalkError('invalid-argument', 'a session needs a SHA-256');
  return { hash: Buffer.from(hash), address, userAgent };
}
