import type { ServerResponse } from 'node:http';
import express, { type Express, type Response } from 'express';
import { discoveryApi, discoveryPath } from './discovery/discovery-api.js';
import { hooksApi } from './hooks/hooks-api.js';
import type { ApiOptions } from './http/api-options.js';
import { readBody } from './http/read-body.js';
import type { LegacyEndpoint } from './legacy/call.js';
import { legacyApi } from './legacy/legacy-api.js';
import type { Operation } from './v1/operation.js';
import { v1Api } from './v1/v1-api.js';

export interface Routes {
  /** by path */
  endpoints: Readonly<Record<string, LegacyEndpoint>>;
  operations: readonly Operation[];
}

/** The API as an express application. */
export function createApp(options: ApiOptions, { endpoints, operations }: Routes): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', (address: string) => options.trustedProxies.includes(address));
  app.use((_request, response, next) => {
    response.locals.begin = performance.now();
    next();
  });
  const body = readBody(options.bodies, options.maxBodyBytes);
  const v1 = v1Api(options, operations, body);
  app.use((request, response, next) => {
    // Other requests skip the /v1 router, which tries its paths one after the other.
    if (request.path === '/v1' || request.path.startsWith('/v1/')) void v1(request, response, next);
    else next();
  });
  const hooks = hooksApi(options, body);
  app.use((request, response, next) => {
    if (request.path.startsWith('/hooks/')) void hooks(request, response, next);
    else next();
  });
  const discovery = discoveryApi(options);
  app.use((request, response, next) => {
    if (request.path === discoveryPath) void discovery(request, response, next);
    else next();
  });
  const legacy = legacyApi(options, endpoints, body);
  app.use(...legacy.serve);
  app.use(legacy.failed);
  return app;
}

/** The path of the legacy endpoint, hook or operation that served a request; undefined: none. */
export function routeOf(response: ServerResponse): string | undefined {
  const { route, operation } = (response as Response).locals as { route?: string; operation?: Operation };
  return operation?.path ?? route;
}
