import { accounts } from './accounts.js';
import { broadcasts } from './broadcasts.js';
import { departments } from './departments.js';
import { departures } from './departures.js';
import { discovery } from './discovery.js';
import { groups } from './groups.js';
import type { Handlers } from './handler.js';
import { lifecycle } from './lifecycle.js';
import { loginFailures } from './login-failures.js';
import { pictures } from './pictures.js';
import { reports } from './reports.js';
import { savedViews } from './saved-views.js';
import { secondFactor } from './second-factor.js';
import { session } from './session.js';
import { userImports } from './user-imports.js';
import { userStanding } from './user-standing.js';
import { users } from './users.js';

/** The handlers of all operations. */
export const handlers: Handlers = {
  ...session,
  ...secondFactor,
  ...reports,
  ...users,
  ...savedViews,
  ...departures,
  ...userImports,
  ...loginFailures,
  ...userStanding,
  ...departments,
  ...groups,
  ...pictures,
  ...discovery,
  ...broadcasts,
  ...lifecycle,
  ...accounts,
};
