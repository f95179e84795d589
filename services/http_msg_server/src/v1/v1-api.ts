import { checkPart, Problem, type ProblemKind, parseJson } from '@teamtalk/administration';
import { isTransient, withDeadline } from '@teamtalk/service-kit';
import { type ErrorRequestHandler, type Request, type RequestHandler, type Response, Router } from 'express';
import { actorOf, authorize, type Refusal, refusalBeforeBody } from '../auth/access.js';
import type { App } from '../auth/app.js';
import { signatureHeadersOf } from '../auth/signature.js';
import type { ApiOptions } from '../http/api-options.js';
import { bytesOf } from '../http/body.js';
import { docsPage } from './docs-page.js';
import { v1Document } from './openapi.js';
import type { Input, Operation } from './operation.js';

const refusals: Record<Refusal, ProblemKind> = {
  key: 'unknown-app',
  permission: 'not-permitted',
  address: 'wrong-address',
  sender: 'wrong-sender',
  rate: 'too-many-calls',
  unavailable: 'unavailable',
};

/** Label of calls without a known operation or app. */
const none = 'none';

interface Locals {
  operation?: Operation;
  app?: App;
  /** performance.now() at the beginning */
  begin?: number;
}

/** Milliseconds an operation may take; callers wait at most 5 s. */
const answerMs = 4_000;

/** The API below /v1: JSON with HTTP status codes and problem details. Every call needs an app. */
export function v1Api(
  { kit, context, access, maxBodyBytes }: ApiOptions,
  operations: readonly Operation[],
  readBody: RequestHandler,
): RequestHandler {
  const { clientLog, health, log, metrics } = kit;
  const answered = metrics.counter('v1_requests_total', 'Calls to /v1, by HTTP status', [
    'operation',
    'app',
    'status',
  ]);
  const seconds = metrics.histogram(
    'v1_request_seconds',
    'Time from receiving a request’s headers to its answer',
    ['operation'],
  );

  function finish(request: Request, response: Response, status: number, body?: string, trace?: string): void {
    const { operation, app, begin = performance.now() } = response.locals as Locals;
    const ms = performance.now() - begin;
    const name = operation?.id ?? none;
    answered.inc({ operation: name, app: app?.name ?? none, status });
    seconds.observe({ operation: name }, ms / 1000);
    const fields = {
      operation: name,
      status,
      ms: Math.round(ms),
      ...(app && { app: app.name }),
      ...(trace && { trace }),
      peer: request.ip,
    };
    if (app || status < 400) log.info(fields, 'request answered');
    else clientLog.info(request.ip ?? '', fields, 'request refused');
    if (response.headersSent || response.destroyed) return;
    if (health.draining) response.set('connection', 'close');
    response.set('cache-control', 'no-store');
    if (trace) response.set('x-trace-id', trace);
    response.status(status).end(body);
  }

  function refuse(request: Request, response: Response, problem: Problem): void {
    if (problem.status === 401) response.set('www-authenticate', 'Bearer');
    if (problem.status === 429 || problem.status === 503) response.set('retry-after', '1');
    response.set('content-type', 'application/problem+json; charset=utf-8');
    finish(request, response, problem.status, JSON.stringify(problem));
  }

  function credentialsOf(request: Request) {
    const [scheme, key] = (request.get('authorization') ?? '').split(' ');
    return {
      key: scheme?.toLowerCase() === 'bearer' ? key : undefined,
      signature: signatureHeadersOf((name) => request.get(name)),
      request: { method: request.method, target: request.originalUrl, body: bytesOf(request) },
    };
  }

  function orProblem(app: App | Refusal | undefined): App {
    if (app === undefined) throw new Problem('unknown-app', 'send a key: Authorization: Bearer …');
    if (typeof app === 'string') throw new Problem(refusals[app]);
    return app;
  }

  /** Refuses what can be refused before the body is read. */
  function admit(operation: Operation): RequestHandler {
    return async (request, response, next) => {
      const credentials = credentialsOf(request);
      // A signature is of the body, too, and is checked once it is there.
      if (!credentials.signature) {
        const app = orProblem(await access.identify(credentials));
        const refusal = refusalBeforeBody(app, operation, request.ip);
        if (refusal) throw new Problem(refusals[refusal]);
        response.locals.app = app;
      }
      next();
    };
  }

  function serve(operation: Operation): RequestHandler {
    return async (request, response) => {
      const app = orProblem(await access.identify(credentialsOf(request)));
      response.locals.app = app;
      const checked = {
        params: checkPart(operation.params, request.params, 'path'),
        query: checkPart(operation.query, request.query, 'query'),
        body: operation.body ? checkPart(operation.body, parseJson(bytesOf(request))) : undefined,
      } as Pick<Input<never, never, never>, 'params' | 'query' | 'body'>;
      const caller = { address: request.ip, sender: operation.sender?.(checked) };
      const grant = authorize(app, operation, caller);
      if (typeof grant === 'string') throw new Problem(refusals[grant]);
      const actor = actorOf(app, request.ip);
      const idempotencyKey = request.get('idempotency-key');
      const input = { ...checked, app, ...grant, actor, idempotencyKey };
      const { reply, location, trace } = await withDeadline(
        operation.handle(context, input),
        answerMs,
        operation.id,
      );
      if (location) response.set('location', location);
      if (reply !== undefined) response.set('content-type', 'application/json; charset=utf-8');
      finish(
        request,
        response,
        operation.status,
        reply === undefined ? undefined : JSON.stringify(reply),
        trace,
      );
    };
  }

  const router = Router({ caseSensitive: true });
  const document = JSON.stringify(v1Document(operations));
  router.get('/v1/openapi.json', (_request, response) => {
    response.set('cache-control', 'no-cache').type('json').end(document);
  });
  router.use('/v1/docs', docsPage());
  const methods = new Map<string, string[]>();
  for (const operation of operations) {
    const path = operation.path.replaceAll(/\{(\w+)\}/g, ':$1');
    methods.set(path, [...(methods.get(path) ?? []), operation.method.toUpperCase()]);
    const begin: RequestHandler = (_request, response, next) => {
      response.locals.operation = operation;
      next();
    };
    router[operation.method](path, begin, admit(operation), readBody, serve(operation));
  }
  for (const [path, allowed] of methods) {
    router.all(path, (_request, response) => {
      response.set('allow', allowed.join(', '));
      throw new Problem('method-not-allowed');
    });
  }
  router.use('/v1', () => {
    throw new Problem('not-found', 'there is no such path; /v1/docs/ shows those there are');
  });

  // Express recognises an error handler by its four parameters.
  const failed: ErrorRequestHandler = (error, request, response, _next) => {
    refuse(request, response, problemOf(error));
  };
  router.use(failed);
  return router;

  function problemOf(error: unknown): Problem {
    if (error instanceof Problem) return error;
    // Errors of Express and of reading a body have a status: too large, aborted, unknown encoding.
    const status: unknown = (error as { status?: unknown } | undefined)?.status;
    if (status === 413) return new Problem('too-large', `a body has at most ${maxBodyBytes} bytes`);
    if (typeof status === 'number' && status < 500) return new Problem('invalid-request');
    if (isTransient(error)) return new Problem('unavailable');
    log.error({ err: error }, 'request failed');
    return new Problem('server-error');
  }
}
