import type { teamtalk } from '../gen/db_proxy.js';
import { BatchedStream } from './batched-stream.js';
import { accounts } from './definitions.js';
import type { WriterOptions } from './message-store.js';
import type { ReplicaPool } from './replica-pool.js';

type Entry = teamtalk.db.LoginEntry.$Properties & { requestId: number };

/**
 * The stream of logins to be checked. Of a login whose replica went away nobody knows whether it was checked: it
 * goes to another one, and a wrong password may then count twice.
 */
export function loginStream(pool: ReplicaPool, { instance: _, ...options }: WriterOptions) {
  return new BatchedStream<
    Entry,
    teamtalk.db.LoginEntryResult,
    teamtalk.db.LoginFrame.$Properties,
    teamtalk.db.LoginResults
  >(pool, {
    ...options,
    failFast: true,
    method: accounts.logIn,
    toFrame: (entries) => ({ entries }),
    results: (frame) => frame.results as teamtalk.db.LoginEntryResult[],
  });
}

/**
 * A number (unsigned 32-bit) by which the logins of one name stay with one replica: it may remember that the
 * password is good (FNV-1a).
 */
export function nameKey(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

export type LoginStream = ReturnType<typeof loginStream>;
