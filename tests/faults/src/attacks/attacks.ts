import { accounts } from './accounts.js';
import { apps } from './apps.js';
import type { Attack } from './attack.js';
import { coldLogin } from './cold-login.js';
import { consoleAndHooks } from './console-and-hooks.js';
import { denials } from './denials.js';
import { floods } from './floods.js';
import { inside } from './inside.js';
import { openByDefault } from './open-by-default.js';

/** All attacks, in the order in which they run. */
export const attacks: readonly Attack[] = [
  ...floods,
  ...denials,
  ...apps,
  ...accounts,
  coldLogin,
  ...openByDefault,
  ...consoleAndHooks,
  ...inside,
];
