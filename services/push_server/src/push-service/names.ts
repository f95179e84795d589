import { createHash } from 'node:crypto';

/** A subscription's name. Whoever knows it may read its messages; the 14 characters of ntfy's app have 71 random bits. */
const name = /^[-_A-Za-z0-9]{14,64}$/;
/** Most subscriptions in one request. */
const maxNames = 64;

/** What a path asks for. */
export interface Route {
  names: readonly string[];
  /** the subscription itself, whether it may be read, or a stream of messages for all names */
  what: 'subscription' | 'auth' | 'json' | 'ws';
}

/** @returns undefined: the path has no valid subscription name */
export function routeOf(path: string): Route | undefined {
  const [, list = '', what = 'subscription'] = /^\/([^/]+)(?:\/(auth|json|ws))?$/.exec(path) ?? [];
  const names = [...new Set(list.split(','))];
  if (names.length > maxNames || !names.every((each) => name.test(each))) return undefined;
  const single = what === 'subscription' || what === 'auth';
  return single && names.length > 1 ? undefined : { names, what: what as Route['what'] };
}

/** The name under which a subscription's messages are stored. It is hashed, so that it grants no access. */
export function mailboxOf(subscription: string): Buffer {
  return createHash('sha256').update(subscription).digest();
}
