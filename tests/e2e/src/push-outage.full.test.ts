import { DurableInfrastructure } from '@teamtalk/cluster';
import { waitUntil } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PushStand, tokenOf } from './push-stand.js';

/** An hour at 1,000 messages a second: PUSH_OUTAGE_MESSAGES=3600000 PUSH_OUTAGE_CONVERSATIONS=100000. */
const messages = Number(process.env.PUSH_OUTAGE_MESSAGES ?? 600);
const conversations = Number(process.env.PUSH_OUTAGE_CONVERSATIONS ?? 60);
const writers = Math.min(conversations < 1_000 ? 20 : 50, conversations);
const timeoutMs = Math.max(120_000, messages);

let infrastructure: DurableInfrastructure;
let stand: PushStand;

beforeAll(async () => {
  // That of other tests does without autovacuum; after millions of changes a queue needs it.
  infrastructure = await DurableInfrastructure.start();
  stand = await PushStand.start({ mode: 'processes', infrastructure });
}, 120_000);
afterAll(async () => {
  await stand?.stop();
  await infrastructure?.stop();
});

it(
  `after an hour without APNs, with ${messages} messages in ${conversations} conversations, each rings once, within a minute`,
  async () => {
    const { cluster, apns } = stand;
    const readers = Array.from({ length: Math.ceil(conversations / writers) }, (_, i) => `r${i}`);
    const names = Array.from({ length: writers }, (_, i) => `w${i}`);
    const users = await cluster.addUsers(['ann', 'zoe', ...readers, ...names]);
    await stand.untilPushed('ann', 'zoe', users.zoe as number);
    for (const name of readers) {
      const values = [users[name], tokenOf(name)];
      await cluster.sql(
        `INSERT INTO push_device (user_id, client_type, provider, token, token_hash)
         VALUES ($1, 17, 'apns', $2, push_token_hash($2))`,
        values,
      );
    }
    const waiting = () =>
      cluster.sql<{ jobs: number; old: number; last: number }>(
        `SELECT count(*)::int AS jobs, count(*) FILTER (WHERE attempts > 3600)::int AS old,
           coalesce(max(extract(epoch FROM due_at - now())), 0)::float8 AS last
         FROM push_job WHERE due_at IS NOT NULL AND user_id <> $1`,
        [users.zoe],
      );

    apns.outage = { status: 503, reason: 'Shutdown' };
    const each = Math.ceil(messages / (writers * readers.length));
    await Promise.all(
      names.map(async (name) => {
        const writer = await cluster.connect(name);
        for (let sent = 1; sent <= each; sent++) {
          for (const reader of readers) {
            const to = { user: users[reader] as number };
            await writer.send(to, `message ${sent}`, { deadlineMs: 60_000 });
          }
        }
        await writer.close();
      }),
    );
    const all = writers * readers.length;
    const every = async () => (await waiting())[0]?.jobs === all;
    await waitUntil(every, { what: 'each conversation has one job', timeoutMs });

    // Simulates the hour: every row becomes an hour older, with an hour of attempts.
    // The lock keeps it from deadlocks with claims.
    await cluster.sql(
      `DO $$ BEGIN LOCK TABLE push_job IN SHARE ROW EXCLUSIVE MODE; UPDATE push_job SET marked_at = marked_at - interval '1 hour', expires_at = expires_at - interval '1 hour',
         attempts = 3600, due_at = now() WHERE due_at IS NOT NULL; END $$`,
    );
    const tried = async () => (await waiting())[0]?.old === all;
    await waitUntil(tried, { what: 'each is tried once more', timeoutMs });
    const [before] = await waiting();
    expect(before?.jobs).toBe(all);
    expect(before?.last).toBeLessThan(60);
    expect([...apns.rings.keys()].filter((key) => !key.startsWith(tokenOf('zoe')))).toEqual([]);

    apns.outage = undefined;
    const begin = performance.now();
    const none = async () => (await waiting())[0]?.jobs === 0;
    await waitUntil(none, { what: 'the queue is empty', timeoutMs, everyMs: 250 });
    const seconds = (performance.now() - begin) / 1_000;
    console.log(`push: ${all} conversations rang ${seconds.toFixed(1)} s after an outage`);
    expect(seconds).toBeLessThan(60);

    const rings = [...apns.rings].filter(([key]) => !key.startsWith(tokenOf('zoe')));
    expect(rings).toHaveLength(all);
    expect(rings.filter(([, count]) => count !== 1)).toEqual([]);
    const stale = [...apns.banners.values()].filter(
      ({ token, payload }) => token !== tokenOf('zoe') && payload.aps.alert?.body !== `message ${each}`,
    );
    expect(stale).toEqual([]);
    const outcomes = await cluster.sql(
      `SELECT outcome, count(*)::int AS count FROM push_log WHERE user_id <> $1 GROUP BY outcome`,
      [users.zoe],
    );
    expect(outcomes).toEqual([{ outcome: 'accepted', count: all }]);
  },
  4 * timeoutMs,
);
