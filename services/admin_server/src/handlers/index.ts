import { accounts } from './accounts.js';
import { apps } from './apps.js';
import { bots } from './bots.js';
import { broadcasts } from './broadcasts.js';
import { departments } from './departments.js';
import { departures } from './departures.js';
import { discovery } from './discovery.js';
import { groupModeration } from './group-moderation.js';
import { groups } from './groups.js';
import type { Handlers } from './handler.js';
import { lifecycle } from './lifecycle.js';
import { live } from './live.js';
import { loginFailures } from './login-failures.js';
import { pictures } from './pictures.js';
import { pushes } from './pushes.js';
import { reports } from './reports.js';
import { savedViews } from './saved-views.js';
import { secondFactor } from './second-factor.js';
import { session } from './session.js';
import { upgrade } from './upgrade.js';
import { userImports } from './user-imports.js';
import { userStanding } from './user-standing.js';
import { users } from './users.js';
import { webhooks } from './webhooks.js';

/** The handlers of all operations. */
export const handlers: Handlers = {
  ...session,
  ...secondFactor,
  ...reports,
  ...live,
  ...upgrade,
  ...users,
  ...savedViews,
  ...departures,
  ...userImports,
  ...loginFailures,
  ...pushes,
  ...userStanding,
  ...departments,
  ...groups,
  ...groupModeration,
  ...pictures,
  ...discovery,
  ...broadcasts,
  ...lifecycle,
  ...apps,
  ...webhooks,
  ...bots,
  ...accounts,
};
