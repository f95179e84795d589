import type { Kit } from '@teamtalk/service-kit';
import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express';
import type { AppKeyCheck } from '../auth/app-keys.js';
import type { Context } from '../context.js';
import { appKeyOf, type Handler, type Result, readCall } from './call.js';
import { ErrorCode, legacyAnswer } from './legacy-answer.js';

export interface AppOptions {
  kit: Kit;
  context: Context;
  routes: Readonly<Record<string, Handler>>;
  mayCall: AppKeyCheck;
  maxBodyBytes: number;
}

/** Label and log name of everything that is no interface. */
const noRoute = 'unknown';

/**
 * The API as an express application. Whatever happens, the caller gets status 200 and a JSON body: that is
 * all legacy callers read (protocol notes, section 9).
 */
export function createApp({ kit, context, routes, mayCall, maxBodyBytes }: AppOptions): Express {
  const { health, log, metrics } = kit;
  const answered = metrics.counter('http_requests_total', 'API requests answered, by error_code', [
    'route',
    'error_code',
  ]);
  const seconds = metrics.histogram('http_request_seconds', 'Time from a request’s headers to its answer', [
    'route',
  ]);

  const answer = (request: Request, response: Response, { code, trace, more }: Result) => {
    const { route = noRoute, begin = performance.now() } = response.locals as Locals;
    const ms = performance.now() - begin;
    answered.inc({ route, error_code: code });
    seconds.observe({ route }, ms / 1000);
    const peer = request.socket.remoteAddress;
    log.info({ route, code, ms: Math.round(ms), ...(trace && { trace }), peer }, 'answered');
    if (response.headersSent || response.destroyed) return;
    // After draining has begun nobody is kept: keep-alive would hold the shutdown up.
    if (health.draining) response.set('connection', 'close');
    response.set({ 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
    response.end(legacyAnswer(code, more));
  };

  const serve = async (handler: Handler, request: Request): Promise<Result> => {
    let call: ReturnType<typeof readCall>;
    try {
      call = readCall(request);
    } catch (error) {
      log.debug({ err: error }, 'a request’s body cannot be read');
      return { code: ErrorCode.BAD_PARAMETER };
    }
    if (!mayCall(appKeyOf(call))) return { code: ErrorCode.UNKNOWN_APP_KEY };
    return handler(context, call);
  };

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((_request, response, next) => {
    response.locals.begin = performance.now();
    next();
  });
  const anyBody = express.raw({ type: () => true, limit: maxBodyBytes });
  for (const [path, handler] of Object.entries(routes)) {
    app
      .route(path)
      .all((_request, response, next) => {
        response.locals.route = path;
        next();
      })
      .post(anyBody, async (request, response) => {
        answer(request, response, await serve(handler, request));
      })
      .all((request, response) => answer(request, response, { code: ErrorCode.BAD_PARAMETER }));
  }
  app.use((request, response) => answer(request, response, { code: ErrorCode.INTERFACE_NOT_ALLOWED }));

  // Express knows an error handler by its four parameters.
  const failed: ErrorRequestHandler = (error, request, response, _next) => {
    // What reading a body throws has a status: too large, cut off, an unknown encoding.
    const status: unknown = (error as { status?: unknown } | undefined)?.status;
    const byCaller = typeof status === 'number' && status < 500;
    if (!byCaller) log.error({ err: error }, 'a request failed');
    answer(request, response, { code: byCaller ? ErrorCode.BAD_PARAMETER : ErrorCode.SERVER_ERROR });
  };
  app.use(failed);
  return app;
}

interface Locals {
  route?: string;
  /** performance.now() at the beginning */
  begin?: number;
}
