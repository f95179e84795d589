import type { Networks } from '@teamtalk/net';
import type { Kit } from '@teamtalk/service-kit';
import type { Access } from '../auth/access.js';
import type { Context } from '../context.js';

export interface ApiOptions {
  kit: Kit;
  context: Context;
  access: Access;
  /** whether the legacy API serves callers without a key */
  open: boolean;
  maxBodyBytes: number;
  /** proxies whose X-Forwarded-For is trusted */
  trustedProxies: Networks;
}
