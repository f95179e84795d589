import { computed, signal } from '@preact/signals';
import type { ConsolePermission } from '@teamtalk/rpc/console-rights';
import type { ApiReply } from '../../../src/api/index.js';
import { call, whenLoggedOut } from './client.js';
import { ApiProblem } from './problem.js';

type Me = ApiReply<'getSession'>;

/** The account that is logged in; null: none; undefined: not known yet. */
export const me = signal<Me | null | undefined>(undefined);
/** The session ended while a page was open; the page stays as it is until somebody logs in again. */
export const expired = signal(false);
/** Number of logins; pages fetch again when it changes. */
export const logins = signal(0);
/** Why the session could not be fetched. */
export const unreachable = signal<unknown>(undefined);

const permissions = computed(() => new Set<string>(me.value?.permissions));

export function may(permission: ConsolePermission): boolean {
  return permissions.value.has(permission);
}

/** The department (with those below it) to which a department administrator is restricted; null: no restriction. */
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
    // The session has ended already.
    if (!(error instanceof ApiProblem && error.kind === 'not-logged-in')) throw error;
  });
  expired.value = false;
  me.value = null;
}
