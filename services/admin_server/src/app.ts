import type { ServerResponse } from 'node:http';
import { strictTransport } from '@teamtalk/net';
import type { Kit } from '@teamtalk/service-kit';
import express, { type Express, type Response } from 'express';
import type { AdminServerConfig } from './config.js';
import type { Context } from './context.js';
import { handlers } from './handlers/index.js';
import { adminApi } from './http/admin-api.js';
import { pages } from './http/pages.js';
import { SessionPace } from './http/session-pace.js';
import { SignOnProvider } from './sign-on/provider.js';
import { signOnRoutes } from './sign-on/routes.js';

/** The pages of the console and their API, as an Express application. */
export function createApp(
  config: Pick<AdminServerConfig, 'hstsSeconds' | 'limits' | 'origin' | 'signOn' | 'trustedProxies'>,
  kit: Kit,
  context: Context,
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', (address: string) => config.trustedProxies.includes(address));
  app.use((request, response, next) => {
    response.locals.begin = performance.now();
    response.set({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      ...strictTransport(request, config.hstsSeconds, config.trustedProxies),
    });
    next();
  });
  const provider = config.signOn && new SignOnProvider(config.signOn, kit.log);
  const sessions = new SessionPace();
  app.use(signOnRoutes({ config, kit, context, provider, sessions }));
  app.use(adminApi({ config, kit, context, sessions }, handlers));
  app.use(pages());
  return app;
}

/** The path of the operation that handled a request; undefined: none. */
export function routeOf(response: ServerResponse): string | undefined {
  return ((response as Response).locals as { path?: string }).path;
}
