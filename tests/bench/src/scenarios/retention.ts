import type { LoadResult } from '@teamtalk/load-generator';
import { figureTarget, type Point, type Scenario, type ScenarioContext } from '../scenario.js';
import { storeMessages } from '../stored-messages.js';

const rate = 1_000;
const expired = 1_000_000;
const users = 2_000;
const timesAsLong = 'ack p99 with removal / without';

function p2p({ load, quick }: ScenarioContext, seconds: number): Promise<LoadResult> {
  return load('p2p', {
    users: quick ? 200 : users,
    rate: quick ? rate / 10 : rate,
    seconds: quick ? 3 : seconds,
    warmup: quick ? 1 : 5,
    drain: 20,
    size: 128,
    verify: true,
  });
}

const p99 = ({ latency }: LoadResult) => latency.ack?.p99;

/** Measures how much the removal of expired messages by db_proxy_server slows down acks. */
const retention: Scenario = {
  name: 'retention',
  title: `${rate} messages/s, first alone, then while ${expired.toLocaleString('en-US')} expired messages are removed`,
  axis: 'removal',
  onDemand: true,
  targets: [
    figureTarget(timesAsLong, '×', { atMost: 2 }),
    figureTarget('messages removed', '', { atLeast: expired }),
  ],
  run: async (context) => {
    const { cluster, quick, say } = context;
    const total = quick ? 5_000 : expired;
    await cluster.haveUsers('u', users);
    await storeMessages(cluster, { prefix: 'expired', pairs: quick ? 50 : 500, total, say, daysAgo: 40 });
    const points: Point[] = [{ x: 0, label: 'none', result: await p2p(context, 60) }];
    await cluster.sql(
      `INSERT INTO retention_rule (scope, scope_id, days, effective_at) VALUES ('installation', 0, 30, now())`,
    );
    await cluster.sql('UPDATE retention_run SET finished_at = NULL, removed_ever = 0');
    try {
      const result = await p2p(context, 240);
      const [run] = await cluster.sql<{ removed: number }>(
        'SELECT removed_ever::float8 AS removed FROM retention_run',
      );
      const [alone, beside] = [p99(points[0]!.result), p99(result)];
      const figures = {
        ...result.figures,
        'messages removed': run?.removed ?? 0,
        ...(alone !== undefined && beside !== undefined && { [timesAsLong]: beside / alone }),
      };
      points.push({ x: 1, label: 'in progress', result: { ...result, figures } });
    } finally {
      await cluster.sql('DELETE FROM retention_rule');
    }
    return points;
  },
};

export const retentionScenarios: readonly Scenario[] = [retention];
