import { emptyCounts, type LoadResult, Measurement } from '@teamtalk/load-generator';
import { type FakeApns, startApns, waitUntil } from '@teamtalk/local-stack';
import { ClientType, createTextCodec, DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import type { BenchCluster } from '../bench-cluster.js';
import { compareRounds } from '../rounds.js';
import {
  figureTarget,
  latencyTarget,
  type Point,
  rateOf,
  type Scenario,
  type ScenarioContext,
} from '../scenario.js';
import { storeMessages } from '../stored-messages.js';
import { combineRounds, turnsOf } from '../turns.js';

const users = 2_000;
const rate = 5_000;
/** At which the machine is not full, so that the delay is push's own, messages a second. */
const calmRate = 1_000;
const rounds = 5;
/** The default of PUSH_HOLD_MS. */
const holdMs = 2_000;

interface Condition {
  label: string;
  pushServer: boolean;
  phones: boolean;
}

const without: Condition = { label: 'without push', pushServer: false, phones: false };
const unused: Condition = { label: 'no phones', pushServer: true, phones: false };
/** What push adds to the path of a message itself; nothing is sent. */
const marked: Condition = { label: 'marked only', pushServer: false, phones: true };
const everybody: Condition = { label: 'everybody has a phone', pushServer: true, phones: true };
/** The two that differ least are neighbours, and push_server has been running for a while before phones ring. */
const conditions = [marked, without, unused, everybody];

const timesAsMuch = ({ label }: Condition) => `CPU a message, ${label} / ${without.label}`;

const storedToAccepted = `stored to accepted at ${calmRate} messages/s`;
const atFullRate = `stored to accepted at ${rate} messages/s`;

const messagePath: Scenario = {
  name: 'phones',
  title: `${rate} messages/s that no receiver acknowledges: without push, without phones, and when all phones ring`,
  axis: 'push',
  onDemand: true,
  targets: [
    figureTarget(timesAsMuch(unused), '×', { atMost: 1.01 }),
    figureTarget(timesAsMuch(everybody), '×', { atMost: 1.15 }),
    latencyTarget(storedToAccepted, 'p99', holdMs + 300),
  ],
  run: (context) =>
    withPushServer(context, () => withoutAutovacuum(context.cluster, () => measureMessagePath(context))),
};

async function measureMessagePath({ cluster, quick, load, say }: ScenarioContext): Promise<Point[]> {
  const count = quick ? 200 : users;
  await cluster.haveUsers('u', count);
  const p2p = (wanted = rate) =>
    load('p2p', {
      users: count,
      rate: quick ? wanted / 10 : wanted,
      seconds: quick ? 4 : 15,
      warmup: 5,
      drain: 20,
      size: 128,
      // Otherwise nothing is pushed.
      receipts: 'none',
      verify: true,
    });
  // Not measured: services that have just started are slower.
  await p2p();
  await cluster.sql('VACUUM (ANALYZE)');
  const measured = new Map(conditions.map((condition) => [condition, [] as LoadResult[]]));
  for (const condition of turnsOf(conditions, quick ? 1 : rounds)) {
    if (condition.phones) await addPhones(cluster, 'u', count);
    const result = await (condition.pushServer ? p2p() : cluster.without('push_server', () => p2p()));
    if (condition === everybody) result.latency[atFullRate] = await pushLatency(cluster, result);
    await removePhones(cluster);
    await cluster.sql('VACUUM (ANALYZE)');
    measured.get(condition)?.push(result);
    say(`  ${condition.label}: ${microseconds(result).toFixed(1)} us of CPU a message`);
  }
  const cpu = (condition: Condition) => measured.get(condition)!.map(microseconds);
  await addPhones(cluster, 'u', count);
  const calm = await pushLatency(cluster, await p2p(calmRate));
  await removePhones(cluster);
  const all = combineRounds(measured.get(everybody)!);
  all.latency[storedToAccepted] = calm;
  const figures: Record<string, number> = {
    'pushes/s': (all.latency[atFullRate]?.count ?? 0) / all.seconds,
  };
  for (const condition of [unused, marked, everybody]) {
    const { median, least, most } = compareRounds(cpu(condition), cpu(without));
    figures[timesAsMuch(condition)] = median;
    figures[`${timesAsMuch(condition)}, least`] = least;
    figures[`${timesAsMuch(condition)}, most`] = most;
  }
  for (const [name, figure] of Object.entries(figures)) say(`  ${name}: ${figure.toFixed(3)}`);
  return conditions.map((condition, x) => ({
    x,
    label: condition.label,
    result: condition === everybody ? { ...all, figures } : combineRounds(measured.get(condition)!),
  }));
}

/** CPU of all that a message passes, PostgreSQL and NATS included, so that jobs count, too; push_server itself does not. */
function microseconds(result: LoadResult): number {
  const { generator: _, push_server: __, ...path } = result.usage;
  const cpuSeconds = Object.values(path).reduce((sum, used) => sum + used.cpuSeconds, 0);
  return (cpuSeconds * 1e6) / (rateOf(result) * result.seconds);
}

/** From the log of pushes, which counts until db_proxy_server has been told that the provider accepted one. */
async function pushLatency(cluster: BenchCluster, { between }: LoadResult) {
  const [from, to] = between!.map(
    (at) => Date.now() - (Number(process.hrtime.bigint()) / 1_000 - at) / 1_000,
  );
  const [summary] = await cluster.sql<LoadResult['latency'][string]>(
    `SELECT count(*)::int4 AS count, avg(ms) AS mean, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS p50,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY ms) AS p90, percentile_cont(0.99) WITHIN GROUP (ORDER BY ms) AS p99,
       percentile_cont(0.999) WITHIN GROUP (ORDER BY ms) AS p999, max(ms) AS max
     FROM (SELECT seconds::float8 * 1000 AS ms FROM push_log
       WHERE outcome = 'accepted' AND at BETWEEN to_timestamp($1 / 1000.0) AND to_timestamp($2 / 1000.0)) AS accepted`,
    [from, to],
  );
  if (!summary?.count) throw new Error('nothing was pushed');
  return summary;
}

const pushes = 20_000;
const perCpuSecond = 'pushes per CPU second of push_server';

const queue: Scenario = {
  name: 'phones-queue',
  title: `one push_server sends ${pushes.toLocaleString('en-US')} pushes that are due at once to APNs`,
  onDemand: true,
  targets: [figureTarget(perCpuSecond, '/s', { atLeast: 5_000 })],
  run: (context) => withPushServer(context, (apns) => measureQueue(context, apns)),
};

async function measureQueue({ cluster, quick, say }: ScenarioContext, apns: FakeApns): Promise<LoadResult> {
  const total = quick ? 2_000 : pushes;
  await addPhones(cluster, 'phone', total);
  await storeMessages(cluster, { prefix: 'phone', pairs: total / 2, total, say });
  await cluster.sql(writeText, [createTextCodec(DEFAULT_TEXT_KEY).encrypt('x'.repeat(96))]);
  const measurement = new Measurement(cluster.watched(), 0, {});
  const until = (count: number) =>
    waitUntil(() => apns.accepted.size >= count, { what: `${count} pushes`, timeoutMs: 300_000 });
  await cluster.sql(makeDue);
  // The first ones warm it up.
  await until(total / 5);
  const before = apns.accepted.size;
  measurement.begin(performance.now(), 0);
  await until(total);
  const measured = measurement.endNow(performance.now());
  const done = total - before;
  const { cpuSeconds = Number.NaN } = measured.usage.push_server ?? {};
  for (const [name, { cpuPercent }] of Object.entries(measured.usage)) {
    say(`  ${name === 'generator' ? 'fake APNs' : name}: ${cpuPercent} % of a core`);
  }
  return {
    mode: 'phones-queue',
    wantedRate: 0,
    ...measured,
    rates: { pushes: done / measured.seconds },
    figures: { [perCpuSecond]: done / cpuSeconds, 'refused by APNs': apns.refusals.length },
    connections: emptyCounts(),
  };
}

/** Runs `work` with a push_server and a fake APNs, which is in this process. */
async function withPushServer<T>(
  { cluster, reshape }: ScenarioContext,
  work: (apns: FakeApns) => Promise<T>,
): Promise<T> {
  const { apns, server, key } = await startApns();
  try {
    await reshape({ counts: { push_server: 1 }, envOf: { push_server: { ...server, ...key } } });
    return await work(apns);
  } finally {
    // While there are phones, messages are marked for push.
    await removePhones(cluster);
    await apns.close();
  }
}

/** Gives each of the users `<prefix>1` to `<prefix><count>` an iPhone. */
async function addPhones(cluster: BenchCluster, prefix: string, count: number): Promise<void> {
  await cluster.haveUsers(prefix, count);
  await cluster.sql(
    `INSERT INTO push_device (user_id, client_type, provider, token, token_hash)
     SELECT u.id, ${ClientType.IOS}, 'apns', p.token, push_token_hash(p.token)
     FROM generate_series(1, $2::int4) AS n JOIN im_user u ON u.name = $1::text || n
       CROSS JOIN LATERAL (SELECT lpad(to_hex(u.id), 64, '0') AS token) AS p`,
    [prefix, count],
  );
  await cluster.sql('ANALYZE push_device');
}

/** Removes all phones, and with them what is to be pushed. */
async function removePhones(cluster: BenchCluster): Promise<void> {
  await cluster.sql('DELETE FROM push_device');
  await cluster.sql('DELETE FROM push_mark');
}

/**
 * Once a minute autovacuum takes up to 0.6 s for the tables of messages, 8 us a message of the run on which it falls. Instead
 * they are vacuumed after each run.
 */
async function withoutAutovacuum<T>(cluster: BenchCluster, work: () => Promise<T>): Promise<T> {
  await cluster.sql('ALTER SYSTEM SET autovacuum = off');
  await cluster.sql('SELECT pg_reload_conf()');
  try {
    return await work();
  } finally {
    await cluster.sql('ALTER SYSTEM RESET autovacuum');
    await cluster.sql('SELECT pg_reload_conf()');
  }
}

const conversationsOfPhones = `
  conversation c CROSS JOIN LATERAL (VALUES ((c.conv >> 32)::int4), ((c.conv & 4294967295)::int4)) AS r(user_id)
    JOIN push_device d ON d.user_id = r.user_id
  WHERE c.conv >= 4294967296`;

const writeText = `UPDATE message SET data = $1 WHERE conv IN (SELECT c.conv FROM ${conversationsOfPhones})`;

const makeDue = `
  INSERT INTO push_job (device_id, user_id, conv, msg_id, marked_at, expires_at)
  SELECT d.id, d.user_id, c.conv, c.last_id, now(), now() + interval '1 day' FROM ${conversationsOfPhones}`;

export const phoneScenarios: readonly Scenario[] = [messagePath, queue];
