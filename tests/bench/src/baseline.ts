import { closeSync, fdatasyncSync, mkdirSync, openSync, unlinkSync, writeSync } from 'node:fs';
import path from 'node:path';
import { dataFolder } from '@teamtalk/cluster';
import { UsageWatch, usageBetween } from '@teamtalk/load-generator';
import { bareServer, loadBareServer } from './bare-server.js';
import type { BenchCluster } from './bench-cluster.js';

/** The machine's limits, measured in the same run; results are reported as ratios to them. */
export interface Baseline {
  /** one write of 8 KiB and fdatasync, milliseconds */
  fsyncMs: { p50: number; p99: number };
  /** rows that one process inserts directly into PostgreSQL, in batches of one transaction */
  rows: { perSecond: number; batch: number; postgresMicroseconds: number; clientMicroseconds: number };
  /** frames echoed by a bare TCP server, back to back */
  echo: { perSecond: number; connections: number; serverMicroseconds: number; generatorMicroseconds: number };
}

const batch = 500;

export async function measureBaseline(
  cluster: BenchCluster,
  { seconds, say }: { seconds: number; say: (line: string) => void },
): Promise<Baseline> {
  const fsyncMs = measureFsync();
  const rows = await measureRows(cluster, seconds);
  const echo = await measureEcho(seconds, say);
  return { fsyncMs, rows, echo };
}

function measureFsync(): Baseline['fsyncMs'] {
  mkdirSync(dataFolder, { recursive: true });
  const file = path.join(dataFolder, 'fsync-probe');
  const handle = openSync(file, 'w');
  const block = Buffer.alloc(8192, 1);
  const times: number[] = [];
  for (let i = 0; i < 300; i++) {
    const start = performance.now();
    writeSync(handle, block);
    fdatasyncSync(handle);
    times.push(performance.now() - start);
  }
  closeSync(handle);
  unlinkSync(file);
  times.sort((a, b) => a - b);
  return { p50: times[150]!, p99: times[297]! };
}

async function measureRows(cluster: BenchCluster, seconds: number): Promise<Baseline['rows']> {
  // As many conversations as the main scenario has pairs; their users need not exist.
  const conversations = 1_000;
  await cluster.sql(
    'INSERT INTO conversation (conv) SELECT (1::int8 << 62) + n FROM generate_series(1, $1::int4) AS n ON CONFLICT DO NOTHING',
    [conversations],
  );
  const text = Buffer.alloc(128, 'x');
  const texts = Array.from({ length: batch }, () => text);
  const watch = new UsageWatch([{ name: 'postgres', pid: cluster.infrastructure.postgres.pid }]);
  const before = watch.sample();
  const end = performance.now() + seconds * 1000;
  let stored = 0;
  for (let round = 0; performance.now() < end; round++) {
    const convs = Array.from({ length: batch }, (_, i) => 1 + ((round * batch + i) % conversations));
    await cluster.sql(storeBatch, [convs, texts]);
    stored += batch;
  }
  const after = watch.sample();
  const { postgres, generator } = usageBetween(before, after);
  const measuredSeconds = (after.at - before.at) / 1000;
  await cluster.sql('DELETE FROM message WHERE conv > (1::int8 << 62)');
  await cluster.sql('DELETE FROM conversation WHERE conv > (1::int8 << 62)');
  const each = (cpuSeconds = 0) => (cpuSeconds * 1e6) / stored;
  return {
    perSecond: stored / measuredSeconds,
    batch,
    postgresMicroseconds: each(postgres?.cpuSeconds),
    clientMicroseconds: each(generator?.cpuSeconds),
  };
}

/** One statement is one transaction: it moves the conversations and stores their messages. */
const storeBatch = `
  WITH moved AS (
    UPDATE conversation c SET last_id = last_id + 1, last_at = clock_timestamp(), low_sent = low_sent + 1
    FROM unnest($1::int4[], $2::bytea[]) AS n(conv, data)
    WHERE c.conv = (1::int8 << 62) + n.conv
    RETURNING c.conv, c.last_id, n.data
  )
  INSERT INTO message (conv, id, from_id, sender_seq, token, created_at, type, data)
    SELECT conv, last_id, 1, last_id, 0, clock_timestamp(), 1, data FROM moved`;

const echoConnections = 1_000;

async function measureEcho(seconds: number, say: (line: string) => void): Promise<Baseline['echo']> {
  const options = { users: echoConnections, warmup: 1, seconds, 'no-log-in': true };
  const { rates, usage } = await loadBareServer('echo-server', 'echo', options, { say });
  const perSecond = rates.echoed ?? 0;
  const each = (cpuSeconds = 0) => (cpuSeconds * 1e6) / (perSecond * seconds);
  return {
    perSecond,
    connections: echoConnections,
    serverMicroseconds: each(usage[bareServer]?.cpuSeconds),
    generatorMicroseconds: each(usage.generator?.cpuSeconds),
  };
}
