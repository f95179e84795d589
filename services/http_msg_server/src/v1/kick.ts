import { teamtalk, topics } from '@teamtalk/bus';
import { IM } from '@teamtalk/protocol';
import { administration } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Actor } from '../auth/access.js';
import type { Context } from '../context.js';
import { Problem } from './problem.js';

const { ANY_CLASS, MOBILE, PC } = teamtalk.bus.ClientClass;
const classes = { all: ANY_CLASS, pc: PC, mobile: MOBILE } as const;

/** Milliseconds the store has to record that connections are ended. */
const recordMs = 2_000;
/** gRPC's status of a method that the server does not have. */
const unimplemented = 12;

/** Milliseconds a route_server has to notify the msg_servers. */
const kickMs = 2_000;

/**
 * Kicks a user's clients; succeeds even if there are none. Of the two reasons that clients know it sends the one of
 * another login.
 * @throws Problem `unavailable` when no route_server responds
 */
export async function kick({ bus }: Context, userId: number, clients: keyof typeof classes): Promise<void> {
  const reason = IM.BaseDefine.KickReasonType.KICK_REASON_DUPLICATE_USER;
  try {
    await bus.request(topics.kickUser, { userId, clientClass: classes[clients], reason }, kickMs);
  } catch (error) {
    if (error instanceof TeamTalkError) throw new Problem('unavailable', 'no route_server answers');
    throw error;
  }
}

/**
 * Ends all connections that logged in with credentials of before a change, and logins that are being checked.
 * @throws Problem as `kick`; the caller then repeats its call
 */
export async function endLogins(context: Context, userId: number): Promise<void> {
  context.bus.publish(topics.everyNode, { credentialsChanged: { userId } });
  // Answered, and understood by msg_servers of the version before.
  await kick(context, userId, 'all');
}

/**
 * Records in the audit that connections are about to be ended, since no change of the database shows it.
 * @param sessions which ones
 * @throws Problem `unavailable` when it is not recorded; then none may be ended
 */
export async function recordSessionEnd(
  { pool, log }: Context,
  userId: number,
  sessions: string,
  actor: Actor,
): Promise<void> {
  try {
    // Not retried: it would be recorded twice.
    await pool.callOnce(administration.recordSessionEnd, { userId, sessions, actor }, recordMs);
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as { code?: unknown };
    if (code !== unimplemented) throw new Problem('unavailable', 'the audit is not available');
    log.warn({ userId, sessions, actor }, 'db_proxy_server of a version before; session end not audited');
  }
}
