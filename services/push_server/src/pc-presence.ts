import { type Bus, topics } from '@teamtalk/bus';
import { IM } from '@teamtalk/protocol';
import type { Kit } from '@teamtalk/service-kit';

/** Time a route_server has for an answer, milliseconds. */
const answerMs = 1_000;
const { USER_STATUS_ONLINE } = IM.BaseDefine.UserStatType;

/** Which of these users are on a PC. */
export type PcPresence = (userIds: readonly number[]) => Promise<ReadonlySet<number>>;

/** Asks a route_server. Without an answer nobody is on a PC: a banner too many is better than one too few. */
export function pcPresence(bus: Bus, { log, metrics }: Kit): PcPresence {
  const failed = metrics.counter(
    'presence_queries_failed_total',
    'Questions who is on a PC that got no answer; their pushes went out with banners',
  );
  let failing = false;
  return async (userIds) => {
    const asked = [...new Set(userIds)];
    try {
      const { status } = await bus.request(topics.presenceQuery, { userIds: asked }, answerMs);
      failing = false;
      return new Set(asked.filter((_, i) => status?.[i] === USER_STATUS_ONLINE));
    } catch (error) {
      failed.inc();
      if (!failing) log.warn({ err: error }, 'presence query failed; pushing banners to everybody');
      failing = true;
      return new Set();
    }
  };
}
