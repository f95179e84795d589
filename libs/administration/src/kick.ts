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
/** gRPC's status of a method that the server does not have. */
const unimplemented = 12;

/** Milliseconds a route_server has to notify the msg_servers. */
const kickMs = 2_000;

/** Clients know two reasons, and are told the one of another login. */
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
    if (error instanceof TeamTalkError) throw new Problem('unavailable', 'no route_server answers');
    throw error;
  }
}

/**
 * Ends all connections that logged in with credentials of before a change, and logins that are being checked.
 * @throws Problem as `kick`; the caller then repeats its call
 */
export async function endLogins(context: Pick<Backend, 'bus'>, userId: number): Promise<void> {
  context.bus.publish(topics.everyNode, { credentialsChanged: { userId } });
  context.bus.publish(topics.cutOff, { userId });
  // Answered, and understood by msg_servers of the version before.
  await kick(context, userId, 'all');
}

/**
 * Records in the audit that connections are about to be ended, since no change of the database shows it.
 * @param sessions which ones
 * @throws Problem `unavailable` when it is not recorded; then none may be ended
 */
export async function recordSessionEnd(
  { pool, log }: Pick<Backend, 'log' | 'pool'>,
  userId: number,
  sessions: string,
  actor: Actor,
): Promise<void> {
  try {
    // Not retried: it would be recorded twice.
    await pool.callOnce(administration.recordSessionEnd, { userId, sessions, actor }, recordMs);
  } catch (error) {
    if (error instanceof Problem) throw error;
    const { code } = ((error as Error).cause ?? {}) as { code?: unknown };
    if (code !== unimplemented) throw new Problem('unavailable', 'the audit is not available');
    log.warn({ userId, sessions, actor }, 'db_proxy_server of a version before; session end not audited');
  }
}
