import { checkPart, openApiDocument, Problem, parseJson } from '@teamtalk/administration';
import { plainAddress } from '@teamtalk/net';
import { consoleApi, consoles, mayInConsole } from '@teamtalk/rpc';
import { isTransient, type Kit, sourceNetwork, withDeadline } from '@teamtalk/service-kit';
import express, {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
  Router,
} from 'express';
import type { Access, Definition } from '../api/definition.js';
import { api, type OperationId } from '../api/index.js';
import type { AdminServerConfig } from '../config.js';
import type { Context } from '../context.js';
import type { Call, Handlers } from '../handlers/handler.js';
import { SessionStore } from '../session-store.js';
import { documentOf } from './document.js';
import { requireSamePage } from './same-page.js';
import { clearCookie, hashOf, newSession, sessionOf, setCookie } from './session-cookie.js';
import type { SessionPace } from './session-pace.js';
import { WritePace } from './write-pace.js';

export interface AdminApiOptions {
  config: Pick<AdminServerConfig, 'limits' | 'origin'>;
  kit: Kit;
  context: Context;
  sessions: SessionPace;
}

/** Milliseconds an operation may take; verifying the whole audit log takes longest. */
export const answerMs = 30_000;
/** Milliseconds the store has to look up a session. */
const sessionMs = 3_000;
/** Largest request body without a session, bytes. */
const strangersBytes = 4_096;

const { SECOND_FACTOR_NEEDED } = consoleApi.console.SecondFactor;

/** Label of calls without a known operation. */
const none = 'none';

interface Locals {
  id?: OperationId;
  /** of the operation, for traces */
  path?: string;
  account?: string;
  session?: Buffer;
  /** performance.now() at the beginning */
  begin?: number;
}

type Handle = (call: Call, input: unknown) => Promise<unknown>;

/** The API of the console's pages, below /admin/v1: JSON with HTTP status codes and problem details. */
export function adminApi(
  { config, kit, context, sessions }: AdminApiOptions,
  handlers: Handlers,
): RequestHandler {
  const { clientLog, log, metrics } = kit;
  const { bodyBytes, writesPerSecond } = config.limits;
  const answered = metrics.counter('requests_total', 'Calls to /admin/v1, by HTTP status', [
    'operation',
    'status',
  ]);
  const seconds = metrics.histogram(
    'request_seconds',
    'Time from receiving a request’s headers to its answer',
    ['operation'],
  );
  const writes = new WritePace(writesPerSecond);

  function finish(request: Request, response: Response, status: number, reply?: unknown): void {
    const { id: operation = none, account, begin = performance.now() } = response.locals as Locals;
    const ms = performance.now() - begin;
    answered.inc({ operation, status });
    seconds.observe({ operation }, ms / 1000);
    const fields = { operation, status, ms: Math.round(ms), account, peer: request.ip };
    if (account || status < 400) log.info(fields, 'request answered');
    else clientLog.info(request.ip ?? '', fields, 'request refused');
    if (response.headersSent || response.destroyed) return;
    response.set('cache-control', 'no-store').status(status);
    if (reply === undefined) response.end();
    else response.end(JSON.stringify(reply));
  }

  /** Authenticates and authorises a call before its body is read. */
  function admit({ access, method }: Definition): RequestHandler {
    return async (request, response, next) => {
      if (method !== 'get') requireSamePage(request, config.origin);
      if (access !== 'public') {
        const session = sessionOf(request);
        if (!session) throw new Problem('not-logged-in');
        const { name, role, secondFactor } = await whoHas(session, request.ip ?? '');
        response.locals.account = name;
        response.locals.session = session;
        if (secondFactor === SECOND_FACTOR_NEEDED && access !== 'session')
          throw new Problem('second-factor-needed');
        if (!allows(role, access)) throw new Problem('not-permitted');
        if (method !== 'get' && !writes.take(session)) throw new Problem('too-many-calls');
      }
      next();
    };
  }

  async function whoHas(session: Buffer, address: string): Promise<consoleApi.console.Session> {
    const found = await sessions.ask(session, sourceNetwork(plainAddress(address)), async () => {
      const reply = await context.pool.call(consoles.getSession, { session }, sessionMs);
      return (reply.found ? (reply.session ?? undefined) : undefined) as
        | consoleApi.console.Session
        | undefined;
    });
    if (found === 'held-off') throw new Problem('too-many-calls');
    if (!found) throw new Problem('not-logged-in');
    return found;
  }

  function serve(definition: Definition, handle: Handle): RequestHandler {
    return async (request, response) => {
      const input = {
        params: checkPart(definition.params, request.params, 'path'),
        query: checkPart(definition.query, request.query, 'query'),
        body: definition.body ? checkPart(definition.body, parseJson(bytesOf(request))) : undefined,
      };
      const reply = await withDeadline(
        handle(callOf(request, response), input),
        answerMs,
        definition.summary,
      );
      if (reply !== undefined) response.set('content-type', 'application/json; charset=utf-8');
      finish(request, response, definition.status, reply);
    };
  }

  function callOf(request: Request, response: Response): Call {
    const { account = '', session = Buffer.alloc(0) } = response.locals as Locals;
    const address = request.ip ?? '';
    return {
      ...context,
      replicas: context.pool,
      pool: new SessionStore(context.pool, session, address),
      session,
      address,
      userAgent: request.get('user-agent') ?? '',
      // db_proxy_server replaces the name by the session's account.
      actor: { name: `console ${account}`, asUser: 0, source: address },
      newSession,
      keep: (token) => {
        sessions.opened(hashOf(token));
        setCookie(request, response, token);
      },
      forget: () => clearCookie(request, response),
    };
  }

  const router = Router({ caseSensitive: true });
  const document = JSON.stringify(openApiDocument(...documentOf(api)));
  router.get('/admin/v1/openapi.json', (_request, response) => {
    response.set('cache-control', 'no-cache').type('json').end(document);
  });
  const methods = new Map<string, string[]>();
  for (const id of Object.keys(api) as OperationId[]) {
    const definition: Definition = api[id];
    const path = definition.path.replaceAll(/\{(\w+)\}/g, ':$1');
    methods.set(path, [...(methods.get(path) ?? []), definition.method.toUpperCase()]);
    const begin: RequestHandler = (_request, response, next) => {
      Object.assign(response.locals, { id, path: definition.path } satisfies Locals);
      next();
    };
    const limit = definition.access === 'public' ? strangersBytes : bodyBytes;
    const read = express.raw({ type: () => true, limit });
    const handle = handlers[id] as Handle;
    router[definition.method](path, begin, admit(definition), read, serve(definition, handle));
  }
  for (const [path, allowed] of methods) {
    router.all(path, (_request, response) => {
      response.set('allow', allowed.join(', '));
      throw new Problem('method-not-allowed');
    });
  }
  router.use('/admin', () => {
    throw new Problem('not-found', 'there is no such path; /admin/v1/openapi.json lists all paths');
  });

  // Express recognises an error handler by its four parameters.
  const failed: ErrorRequestHandler = (error, request, response, _next) => {
    const problem = problemOf(error);
    // Only if a session cookie was sent: a link from another site arrives without it, and must not log the user out.
    if (problem.status === 401 && sessionOf(request)) clearCookie(request, response);
    if (problem.status === 429 || problem.status === 503) response.set('retry-after', '1');
    response.set('content-type', 'application/problem+json; charset=utf-8');
    finish(request, response, problem.status, problem);
  };
  router.use(failed);
  return router;

  function problemOf(error: unknown): Problem {
    if (error instanceof Problem) return error;
    // Errors of Express and of reading a body have a status: too large, aborted, unknown encoding.
    const status: unknown = (error as { status?: unknown } | undefined)?.status;
    if (status === 413) return new Problem('too-large');
    if (typeof status === 'number' && status < 500) return new Problem('invalid-request');
    if (isTransient(error)) return new Problem('unavailable');
    log.error({ err: error }, 'request failed');
    return new Problem('server-error');
  }
}

function allows(role: string, access: Access): boolean {
  return access === 'public' || access === 'session' || mayInConsole(role, access);
}

/** The raw body; empty when there is none. */
function bytesOf(request: Request): Buffer {
  const bytes: unknown = request.body;
  return Buffer.isBuffer(bytes) ? bytes : Buffer.alloc(0);
}
