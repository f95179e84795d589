import { type Bus, type teamtalk, topics } from '@teamtalk/bus';
import { isMobileClient } from '@teamtalk/protocol';
import type { pushApi } from '@teamtalk/rpc';
import type { Kit } from '@teamtalk/service-kit';

type Push = pushApi.push.Push;

/** Deadline of a route_server, and then of the msg_servers, for a response, milliseconds. */
const answerMs = 1_000;

/** Selects the pushes whose message a phone of the user has already acknowledged. */
export type PhoneReceipts = (pushes: readonly Push[]) => Promise<ReadonlySet<Push>>;

/** Asks a route_server where users are logged in, then their msg_servers. Without a response pushes are sent, to be safe. */
export function phoneReceipts(bus: Bus, { log, metrics }: Kit): PhoneReceipts {
  const failed = metrics.counter(
    'receipt_queries_failed_total',
    'Unanswered queries for what phones have acknowledged; the pushes concerned were sent',
  );
  let failing = false;

  async function serversOf(userIds: readonly number[]): Promise<Map<number, Set<number>>> {
    const { sessions } = await bus.request(topics.sessionsQuery, { userIds: [...userIds] }, answerMs);
    const servers = new Map<number, Set<number>>();
    for (const { userId, node, clientType } of sessions as teamtalk.bus.Session[]) {
      if (!isMobileClient(clientType)) continue;
      servers.set(node, (servers.get(node) ?? new Set()).add(userId));
    }
    return servers;
  }

  async function acknowledgedAt(server: number, pushes: readonly Push[]): Promise<Push[]> {
    const conversations = pushes.map(({ userId, sessionType, sessionId }) => ({
      userId,
      sessionType,
      sessionId,
    }));
    const { msgIds } = await bus.request(topics.acknowledged(server), { conversations }, answerMs);
    return pushes.filter(({ msgId }, i) => (msgIds?.[i] ?? 0) >= msgId);
  }

  async function acknowledgedOf(pushes: readonly Push[]): Promise<Push[]> {
    const servers = await serversOf([...new Set(pushes.map(({ userId }) => userId))]);
    const answers = [...servers].map(([server, users]) =>
      acknowledgedAt(
        server,
        pushes.filter(({ userId }) => users.has(userId)),
      ),
    );
    return (await Promise.all(answers)).flat();
  }

  return async (pushes) => {
    // A withdrawal has no message id.
    const asked = pushes.filter(({ msgId }) => msgId > 0);
    if (asked.length === 0) return new Set();
    try {
      const acknowledged = await acknowledgedOf(asked);
      failing = false;
      return new Set(acknowledged);
    } catch (error) {
      failed.inc();
      if (!failing)
        log.warn({ err: error }, 'receipt query failed; sending pushes that phones may have acknowledged');
      failing = true;
      return new Set();
    }
  };
}
