import { teamtalk, topics } from '@teamtalk/bus';
import { administration } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Actor } from './actor.js';
import type { Backend } from './backend.js';
import { Problem } from './problem.js';

const { ANY_CLASS, MOBILE, PC } = teamtalk.bus.ClientClass;
const classes = { all: ANY_CLASS, pc: PC, mobile: MOBILE } as const;

/** Milliseconds the store has to record that connections are ended. */
const recordMs = 2_000;
/** gRPC status UNIMPLEMENTED. */
const unimplemented = 12;

/** Milliseconds a route_server has to notify the msg_servers. */
const kickMs = 2_000;

/** The kick reason sent: clients know only two, and this one means another login. */
const byCaller = 0;

/**
 * Kicks a user's clients; succeeds even if there are none.
 * @throws Problem `unavailable` when no route_server responds
 */
export async function kick(
  { bus }: Pick<Backend, 'bus'>,
  userId: number,
  clients: keyof typeof classes,
): Promise<void> {
  try {
    await bus.request(topics.kickUser, { userId, clientClass: classes[clients], reason: byCaller }, kickMs);
  } catch (error) {
    if (error instanceof TeamTalkError) throw new Problem('unavailable', 'no route_server responds');
    throw error;
  }
}

/**
 * Ends all connections that logged in with the previous credentials, and logins that are still being checked.
 * @throws Problem as `kick`; the caller then has to retry
 */
export async function endLogins(context: Pick<Backend, 'bus'>, userId: number): Promise<void> {
  context.bus.publish(topics.everyNode, { credentialsChanged: { userId } });
  context.bus.publish(topics.cutOff, { userId });
  // Unlike the events above it is acknowledged, and msg_servers of the previous version understand it.
  await kick(context, userId, 'all');
}

/**
 * Records in the audit log that connections are about to be ended, since no database change shows it.
 * @param sessions the id of a connection, or `all`
 * @throws Problem `unavailable` when the record cannot be written; then no connection may be ended
 */
export async function recordSessionEnd(
  { pool, log }: Pick<Backend, 'log' | 'pool'>,
  userId: number,
  sessions: string,
  actor: Actor,
): Promise<void> {
  try {
    // Not retried: a retry could record it twice.
    await pool.callOnce(administration.recordSessionEnd, { userId, sessions, actor }, recordMs);
  } catch (error) {
    if (error instanceof Problem) throw error;
    const { code } = ((error as Error).cause ?? {}) as { code?: unknown };
    if (code !== unimplemented) throw new Problem('unavailable', 'the audit is not available');
    log.warn(
      { userId, sessions, actor },
      'db_proxy_server runs the previous version; session end not audited',
    );
  }
}
