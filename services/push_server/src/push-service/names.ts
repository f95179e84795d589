import { createHash } from 'node:crypto';

/** A subscription's name: whoever knows it may read it. The 14 characters of ntfy's app have 71 random bits. */
const name = /^[-_A-Za-z0-9]{14,64}$/;
/** Subscriptions that one phone reads. */
const maxNames = 64;

/** What a path asks for. */
export interface Route {
  names: readonly string[];
  /** the subscription itself, or a stream of what comes for all of them */
  what: 'subscription' | 'auth' | 'json' | 'ws';
}

/** @returns undefined: the path has no subscription that there can be */
export function routeOf(path: string): Route | undefined {
  const [, list = '', what = 'subscription'] = /^\/([^/]+)(?:\/(auth|json|ws))?$/.exec(path) ?? [];
  const names = [...new Set(list.split(','))];
  if (names.length > maxNames || !names.every((each) => name.test(each))) return undefined;
  const single = what === 'subscription' || what === 'auth';
  return single && names.length > 1 ? undefined : { names, what: what as Route['what'] };
}

/** What a subscription is called where its messages are kept: whoever sees that can neither read nor send. */
export function mailboxOf(subscription: string): Buffer {
  return createHash('sha256').update(subscription).digest();
}
