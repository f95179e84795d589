import { computed, signal } from '@preact/signals';
import type { ConsolePermission } from '@teamtalk/rpc/console-rights';
import type { ApiReply } from '../../../src/api/index.js';
import { call, whenLoggedOut } from './client.js';
import { ApiProblem } from './problem.js';

type Me = ApiReply<'getSession'>;

/** Who is logged in; null: nobody; undefined: not known yet. */
export const me = signal<Me | null | undefined>(undefined);
/** The session ended while pages were open: they stay as they are until somebody logs in again. */
export const expired = signal(false);
/** How often somebody has logged in: what a page could not fetch meanwhile, it fetches again. */
export const logins = signal(0);
/** Why the server could not be asked who is logged in. */
export const unreachable = signal<unknown>(undefined);

const permissions = computed(() => new Set<string>(me.value?.permissions));

export function may(permission: ConsolePermission): boolean {
  return permissions.value.has(permission);
}

/** The department that a department administrator's role holds for, with those below it; null: the role holds for all. */
export function ownDepartment(): number | null {
  return me.value?.department_id ?? null;
}

whenLoggedOut(() => {
  if (me.value) expired.value = true;
  else me.value = null;
});

export async function findSession(): Promise<void> {
  unreachable.value = undefined;
  try {
    me.value = await call('getSession');
  } catch (error) {
    if (error instanceof ApiProblem && error.kind === 'not-logged-in') me.value = null;
    else unreachable.value = error;
  }
}

export function entered(who: Me): void {
  me.value = who;
  expired.value = false;
  logins.value++;
}

export async function logOut(): Promise<void> {
  await call('logOut').catch((error: unknown) => {
    // Then there is nothing left to end.
    if (!(error instanceof ApiProblem && error.kind === 'not-logged-in')) throw error;
  });
  expired.value = false;
  me.value = null;
}
