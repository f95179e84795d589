// What an app of the HTTP API may be allowed, and what webhooks are told. The console's pages load this file too, so it imports nothing.

/** What a user may do with a client, and may have an app do in their name. */
export const userPermissions = [
  'p2p',
  'broadcast',
  'group',
  'history',
  'presence',
  'session',
  'device',
] as const;

/** Administration: an app that has one of these is not held to a user's rights in it. */
export const adminPermissions = [
  'users:read',
  'users:write',
  'groups:admin',
  'sessions:admin',
  'devices:admin',
  'bots:admin',
  'discovery:read',
  'discovery:write',
  'statistics',
] as const;

export type AppPermission = (typeof userPermissions)[number] | (typeof adminPermissions)[number];

/** Permissions of an app on the HTTP API. */
export const appPermissions: readonly AppPermission[] = [...userPermissions, ...adminPermissions];

/** Kinds of events that webhooks are told of. */
export const webhookEvents = ['message', 'presence', 'group', 'file'] as const;

/**
 * Permissions of an app by default: what the original's API offers.
 * @param bound whether it acts as one user only, whose rights it gets
 */
export function usualPermissions(bound: boolean): AppPermission[] {
  return ['p2p', 'broadcast', bound ? 'group' : 'groups:admin'];
}
