import type { teamtalk } from '../gen/db_proxy.js';
import { BatchedStream } from './batched-stream.js';
import { accounts } from './definitions.js';
import type { WriterOptions } from './message-store.js';
import type { ReplicaPool } from './replica-pool.js';

type Entry = teamtalk.db.LoginEntry.$Properties & { requestId: number };

/**
 * The stream of logins to be checked. When a replica dies it is unknown whether it checked a login: the login goes to
 * another one, and a wrong password may count twice.
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
 * A key (unsigned 32-bit, FNV-1a) that keeps the logins of one name at one replica, which may have the password cached.
 */
export function nameKey(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

export type LoginStream = ReturnType<typeof loginStream>;
