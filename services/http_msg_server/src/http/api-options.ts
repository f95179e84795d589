import type { IncomingMessage } from 'node:http';
import type { Networks } from '@teamtalk/net';
import type { Kit } from '@teamtalk/service-kit';
import type { Access } from '../auth/access.js';
import type { Context } from '../context.js';
import type { BodyBudget } from './body-budget.js';

export interface ApiOptions {
  kit: Kit;
  context: Context;
  access: Access;
  /** whether the legacy API serves the request without a key */
  needsNoKey: (request: IncomingMessage & { readonly ip?: string | undefined }) => boolean;
  maxBodyBytes: number;
  bodies: BodyBudget;
  /** proxies whose X-Forwarded-For is trusted */
  trustedProxies: Networks;
}
