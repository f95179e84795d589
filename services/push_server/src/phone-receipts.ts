import { type Bus, type teamtalk, topics } from '@teamtalk/bus';
import { isMobileClient } from '@teamtalk/protocol';
import type { pushApi } from '@teamtalk/rpc';
import type { Kit } from '@teamtalk/service-kit';

type Push = pushApi.push.Push;

/** Deadline of a route_server, and then of the msg_servers, for a response, milliseconds. */
const answerMs = 1_000;

/** Selects the pushes whose message a phone of the user has already acknowledged. */
export type PhoneReceipts = (pushes: readonly Push[]) => Promise<ReadonlySet<Push>>;

/** Servers that are remembered as silent. */
const maxSilent = 1_000;

/**
 * Asks a route_server where users are logged in, then their msg_servers. What does not respond is left out: its pushes are
 * sent, to be safe.
 */
export function phoneReceipts(bus: Pick<Bus, 'request'>, { log, metrics }: Kit): PhoneReceipts {
  const failed = metrics.counter(
    'receipt_queries_failed_total',
    'Unanswered queries for what phones have acknowledged; the pushes concerned were sent',
  );
  /** those that did not respond last: msg_servers by node, and route_server */
  const silent = new Set<number | 'route_server'>();

  /** @returns undefined: no response */
  async function tried<T>(
    server: number | 'route_server',
    request: () => Promise<T>,
  ): Promise<T | undefined> {
    try {
      const response = await request();
      silent.delete(server);
      return response;
    } catch (error) {
      failed.inc();
      if (!silent.has(server))
        log.warn(
          { err: error, server },
          'receipt query failed; sending pushes that phones may have acknowledged',
        );
      if (silent.size >= maxSilent) silent.clear();
      silent.add(server);
      return undefined;
    }
  }

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

  return async (pushes) => {
    // A withdrawal has no message id.
    const asked = pushes.filter(({ msgId }) => msgId > 0);
    if (asked.length === 0) return new Set();
    const servers = await tried('route_server', () =>
      serversOf([...new Set(asked.map(({ userId }) => userId))]),
    );
    const responses = [...(servers ?? [])].map(([server, users]) =>
      tried(server, () =>
        acknowledgedAt(
          server,
          asked.filter(({ userId }) => users.has(userId)),
        ),
      ),
    );
    return new Set((await Promise.all(responses)).flatMap((acknowledged) => acknowledged ?? []));
  };
}
