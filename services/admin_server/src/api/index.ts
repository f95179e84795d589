// The contract of /admin/v1, for the server and the pages: nothing here needs Node.
import { accountsApi } from './accounts.js';
import { appsApi } from './apps.js';
import { auditApi } from './audit.js';
import { broadcastsApi } from './broadcasts.js';
import type { ReplyOf, RequestOf } from './definition.js';
import { departmentsApi } from './departments.js';
import { discoveryApi } from './discovery.js';
import { groupsApi } from './groups.js';
import { lifecycleApi } from './lifecycle.js';
import { loginFailuresApi } from './login-failures.js';
import { overviewApi } from './overview.js';
import { pushesApi } from './pushes.js';
import { secondFactorApi } from './second-factor.js';
import { sessionApi } from './session.js';
import { userImportsApi } from './user-imports.js';
import { usersApi } from './users.js';

/** All operations of /admin/v1 by id, in the order of the OpenAPI document. */
export const api = {
  ...sessionApi,
  ...secondFactorApi,
  ...overviewApi,
  ...usersApi,
  ...userImportsApi,
  ...loginFailuresApi,
  ...pushesApi,
  ...departmentsApi,
  ...groupsApi,
  ...discoveryApi,
  ...broadcastsApi,
  ...auditApi,
  ...lifecycleApi,
  ...appsApi,
  ...accountsApi,
} as const;

export type Api = typeof api;
export type OperationId = keyof Api;

/** What a caller gives to an operation: `params`, `query` and `body`, those that it has. */
export type ApiRequest<Id extends OperationId> = RequestOf<Api[Id]>;

/** What an operation responds; undefined when the response is empty. */
export type ApiReply<Id extends OperationId> = ReplyOf<Api[Id]>;

/** A header that every call other than GET has: a page of another origin cannot set it unasked. */
export const consoleHeader = 'x-teamtalk-console';
