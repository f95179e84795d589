import { isTransient } from '@teamtalk/service-kit';
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { actorOf, authorize, type Refusal, refusalBeforeBody } from '../auth/access.js';
import type { App } from '../auth/app.js';
import { signatureHeadersOf } from '../auth/signature.js';
import type { ApiOptions } from '../http/api-options.js';
import { bytesOf } from '../http/body.js';
import { administrator } from '../http/fields.js';
import { appKeyOf, callerOf, type LegacyEndpoint, type Result, readCall } from './call.js';
import { ErrorCode, legacyAnswer } from './legacy-answer.js';

/** Route in metrics and logs of unknown paths. */
const noRoute = 'unknown';
/** Label of calls without a known app. */
const noApp = 'none';

/** The original's code for each refusal. It has none for too many calls, so they get 9, which callers retry. */
const refusalCodes: Record<Refusal, ErrorCode> = {
  key: ErrorCode.UNKNOWN_APP_KEY,
  permission: ErrorCode.INTERFACE_NOT_ALLOWED,
  address: ErrorCode.IP_NOT_ALLOWED,
  sender: ErrorCode.APP_KEY_OF_OTHER_USER,
  rate: ErrorCode.SERVER_ERROR,
  unavailable: ErrorCode.SERVER_ERROR,
};

/** Refuses a call without a key. */
const noKey: Result = {
  code: ErrorCode.UNKNOWN_APP_KEY,
  more: {
    detail:
      'A caller from this address needs an app_key (teamtalk app create), or its address in HTTP_KEYLESS_ADDRESSES.',
  },
};

interface Locals {
  route?: string;
  app?: App;
  /** performance.now() at the beginning */
  begin?: number;
}

/**
 * The original server's HTTP API. Every response has status 200 and a JSON body, because legacy callers read nothing
 * else (client-behaviour.md#answers-of-the-legacy-api).
 */
export function legacyApi(
  { kit, context, access, needsNoKey }: ApiOptions,
  endpoints: Readonly<Record<string, LegacyEndpoint>>,
  readBody: RequestHandler,
): { serve: RequestHandler[]; failed: ErrorRequestHandler } {
  const { clientLog, health, log, metrics } = kit;
  const answered = metrics.counter('http_requests_total', 'Calls to the legacy API, by error_code', [
    'route',
    'app',
    'error_code',
  ]);
  const seconds = metrics.histogram(
    'http_request_seconds',
    'Time from receiving a request’s headers to its answer',
    ['route'],
  );
  const byPath = new Map(Object.keys(endpoints).map((path) => [normalized(path), path]));

  function answer(request: Request, response: Response, result: Result): void {
    const { code, trace, more, location } = result;
    const { route = noRoute, app, begin = performance.now() } = response.locals as Locals;
    const ms = performance.now() - begin;
    answered.inc({ route, app: app?.name ?? noApp, error_code: code });
    seconds.observe({ route }, ms / 1000);
    const fields = {
      route,
      code,
      ms: Math.round(ms),
      ...(app && { app: app.name }),
      ...(trace && { trace }),
      peer: request.ip,
    };
    if (app || code === ErrorCode.OK) log.info(fields, 'request answered');
    else clientLog.info(request.ip ?? '', fields, 'request refused');
    if (response.headersSent || response.destroyed) return;
    // Keep-alive would delay the shutdown.
    if (health.draining) response.set('connection', 'close');
    if (location) response.set('location', location);
    response.set({ 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
    response.end(legacyAnswer(code, more));
  }

  async function serve(endpoint: LegacyEndpoint, request: Request, response: Response) {
    let read: ReturnType<typeof readCall>;
    try {
      read = readCall(request);
    } catch (error) {
      log.debug({ err: error }, 'request body invalid');
      return { code: ErrorCode.BAD_PARAMETER };
    }
    const credentials = {
      key: appKeyOf(read),
      signature: signatureHeadersOf((name) => request.get(name)),
      request: { method: request.method, target: request.originalUrl, body: bytesOf(request) },
    };
    const isOpen = needsNoKey(request);
    const app = await access.identify(credentials, !isOpen);
    // Of a caller who needs no key an unknown app_key is ignored, as in the original.
    const known = typeof app === 'string' ? undefined : app;
    if (!known && !isOpen) return typeof app === 'string' ? { code: refusalCodes[app] } : noKey;
    const actor = actorOf(known, request.ip);
    if (!known) return endpoint.handle(context, { ...read, app: known, administers: true, actor });
    response.locals.app = known;
    const sender = administrator.safeParse(callerOf({ ...read, app: known })).data;
    const grant = authorize(known, endpoint, { address: request.ip, sender });
    if (typeof grant === 'string') return { code: refusalCodes[grant] };
    const isAdministration = sender === 0 && endpoint.administration !== undefined;
    if (isAdministration && !grant.administers) return { code: refusalCodes.permission };
    return endpoint.handle(context, { ...read, app: known, ...grant, actor });
  }

  const find: RequestHandler = (request, response, next) => {
    const route = byPath.get(normalized(request.path));
    if (route === undefined) {
      answer(request, response, { code: ErrorCode.INTERFACE_NOT_ALLOWED });
      return;
    }
    response.locals.route = route;
    if (request.method === 'POST') next();
    else answer(request, response, { code: ErrorCode.BAD_PARAMETER });
  };

  /** Refuses what can be refused before the body is read, which may have the key or be signed. */
  const admit: RequestHandler = async (request, response, next) => {
    const endpoint = endpoints[(response.locals as Locals).route as string] as LegacyEndpoint;
    const key = new URL(request.originalUrl, 'http://localhost').searchParams.get('app_key') ?? undefined;
    const signature = signatureHeadersOf((name) => request.get(name));
    const isOpen = needsNoKey(request);
    if (key !== undefined && !signature) {
      const app = await access.byKey(key, !isOpen);
      if (app) {
        response.locals.app = app;
        const refusal = refusalBeforeBody(app, endpoint, request.ip);
        if (refusal) return answer(request, response, { code: refusalCodes[refusal] });
      } else if (!isOpen) {
        return answer(request, response, { code: refusalCodes.key });
      }
    }
    next();
  };

  const handle: RequestHandler = async (request, response) => {
    const found = endpoints[(response.locals as Locals).route as string] as LegacyEndpoint;
    answer(request, response, await serve(found, request, response));
  };

  // Express recognises an error handler by its four parameters.
  const failed: ErrorRequestHandler = (error, request, response, _next) => {
    // Errors of reading a body have a status: too large, aborted, unknown encoding.
    const status: unknown = (error as { status?: unknown } | undefined)?.status;
    const byCaller = typeof status === 'number' && status < 500;
    if (!byCaller && !isTransient(error)) log.error({ err: error }, 'request failed');
    answer(request, response, { code: byCaller ? ErrorCode.BAD_PARAMETER : ErrorCode.SERVER_ERROR });
  };
  return { serve: [find, admit, readBody, handle], failed };
}

/** Callers send paths with doubled or trailing slashes and in any case. */
function normalized(path: string): string {
  const single = path.replace(/\/{2,}/g, '/').toLowerCase();
  return single.length > 1 && single.endsWith('/') ? single.slice(0, -1) : single;
}
