import { teamtalk, topics } from '@teamtalk/bus';
import { IM } from '@teamtalk/protocol';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Context } from '../context.js';
import { Problem } from './problem.js';

const { ANY_CLASS, MOBILE, PC } = teamtalk.bus.ClientClass;
const classes = { all: ANY_CLASS, pc: PC, mobile: MOBILE } as const;

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
