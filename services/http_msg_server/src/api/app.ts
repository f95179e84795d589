import type { Kit } from '@teamtalk/service-kit';
import express, { type Express } from 'express';
import type { Access } from '../auth/access.js';
import type { Context } from '../context.js';
import type { Interface } from './call.js';
import { legacyApi } from './legacy-api.js';

export interface ApiOptions {
  kit: Kit;
  context: Context;
  access: Access;
  /** whether the legacy interfaces serve callers without a key */
  open: boolean;
  maxBodyBytes: number;
  /** CIDRs of proxies whose X-Forwarded-For is believed */
  trustedProxies: readonly string[];
}

/** The API as an express application. */
export function createApp(options: ApiOptions, interfaces: Readonly<Record<string, Interface>>): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', options.trustedProxies);
  app.use((_request, response, next) => {
    response.locals.begin = performance.now();
    next();
  });
  const anyBody = express.raw({ type: () => true, limit: options.maxBodyBytes });
  const legacy = legacyApi(options, interfaces, anyBody);
  app.use(...legacy.serve);
  app.use(legacy.failed);
  return app;
}
