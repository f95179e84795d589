// The contract of /admin/v1. Shared by the server and the pages, so nothing here requires Node.
import { accountsApi } from './accounts.js';
import { appsApi } from './apps.js';
import { auditApi } from './audit.js';
import { botsApi } from './bots.js';
import { broadcastsApi } from './broadcasts.js';
import type { ReplyOf, RequestOf } from './definition.js';
import { departmentsApi } from './departments.js';
import { discoveryApi } from './discovery.js';
import { groupsApi } from './groups.js';
import { lifecycleApi } from './lifecycle.js';
import { liveApi } from './live.js';
import { loginFailuresApi } from './login-failures.js';
import { overviewApi } from './overview.js';
import { picturesApi } from './pictures.js';
import { pushesApi } from './pushes.js';
import { savedViewsApi } from './saved-views.js';
import { secondFactorApi } from './second-factor.js';
import { sessionApi } from './session.js';
import { userImportsApi } from './user-imports.js';
import { userStandingApi } from './user-standing.js';
import { usersApi } from './users.js';
import { webhooksApi } from './webhooks.js';

/** All operations of /admin/v1 by id, in the order of the OpenAPI document. */
export const api = {
  ...sessionApi,
  ...secondFactorApi,
  ...overviewApi,
  ...liveApi,
  ...usersApi,
  ...savedViewsApi,
  ...userImportsApi,
  ...loginFailuresApi,
  ...userStandingApi,
  ...pushesApi,
  ...departmentsApi,
  ...groupsApi,
  ...picturesApi,
  ...discoveryApi,
  ...broadcastsApi,
  ...auditApi,
  ...lifecycleApi,
  ...appsApi,
  ...webhooksApi,
  ...botsApi,
  ...accountsApi,
} as const;

export type Api = typeof api;
export type OperationId = keyof Api;

/** The input of an operation: those of `params`, `query` and `body` that it has. */
export type ApiRequest<Id extends OperationId> = RequestOf<Api[Id]>;

/** The response of an operation; undefined when it is empty. */
export type ApiReply<Id extends OperationId> = ReplyOf<Api[Id]>;

/** Required by every call other than GET; pages of other origins cannot set it without a CORS preflight. */
export const consoleHeader = 'x-teamtalk-console';
