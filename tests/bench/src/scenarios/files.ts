import type { LoadResult } from '@teamtalk/load-generator';
import { relayTaskId } from '@teamtalk/load-generator';
import { bareServer, withBareServer } from '../bare-server.js';
import type { BenchCluster } from '../bench-cluster.js';
import { compareRounds, median } from '../rounds.js';
import { figureTarget, type Point, rateOf, type Scenario, type ScenarioContext } from '../scenario.js';

const shape = { counts: { file_server: 1 }, envOf: { file_server: { LOGIN_CHECK: 'task' } } };

/** Creates the tasks of so many transfers from u1 to u2. @returns the sender's id; the receiver's is the next */
async function haveTransfers(cluster: BenchCluster, count: number): Promise<number> {
  await cluster.haveUsers('u', 2);
  const first = await cluster.idOf('u1');
  const ids = Array.from({ length: count }, (_, k) => relayTaskId(k + 1));
  await cluster.sql('DELETE FROM file_task WHERE id = ANY($1::text[])', [ids]);
  await cluster.sql(
    `INSERT INTO file_task (id, from_id, to_id, name, size, offline, expires_at)
      SELECT id, $2, $2 + 1, 'bench', 4294967295, false, now() + interval '1 hour' FROM unnest($1::text[]) AS id`,
    [ids, first],
  );
  return first;
}

const rounds = 5;
/** Concurrent transfers. One shows the limit of the protocol's round trips; sixteen keep the server busy. */
const counts = [1, 16];

/**
 * The same transfers through the bare relay and through file_server in turns, one process each. Ratios compare
 * neighbouring rounds, so that other load on the machine matters less.
 */
async function compare(
  { cluster, load, quick, say }: ScenarioContext,
  users: number,
): Promise<[LoadResult, LoadResult]> {
  const first = await haveTransfers(cluster, users);
  const options = { users, first, seconds: quick ? 1 : 2, warmup: 0.5 };
  const bare: LoadResult[] = [];
  const relayed: LoadResult[] = [];
  for (let round = 0; round < (quick ? 1 : rounds); round++) {
    bare.push(
      await withBareServer('relay-server', (server, process) =>
        load('relay', { ...options, server, bare: true }, [process]),
      ),
    );
    relayed.push(await load('relay', { ...options, server: cluster.address('file_server', 'client') }));
  }
  const rate = compareRounds(relayed.map(rateOf), bare.map(rateOf));
  const ours = relayed.map((result) => microsecondsOf(result, 'file_server'));
  const theirs = bare.map((result) => microsecondsOf(result, bareServer));
  const figures = {
    percentOfBare: percent(rate.median),
    percentOfBareLeast: percent(rate.least),
    percentOfBareMost: percent(rate.most),
    cpuMicrosecondsABlock: median(ours),
    cpuMicrosecondsABlockBare: median(theirs),
    cpuPercentOfBare: percent(compareRounds(ours, theirs).median),
  };
  for (const [name, figure] of Object.entries(figures)) say(`  ${users} transfers, ${name}: ${figure}`);
  const typical = middleOf(relayed);
  return [middleOf(bare), { ...typical, figures: { ...typical.figures, ...figures } }];
}

/** The round with the median of the rates. */
function middleOf(results: LoadResult[]): LoadResult {
  return results.toSorted((one, other) => rateOf(one) - rateOf(other))[Math.floor(results.length / 2)]!;
}

/** CPU of a process for one block. */
function microsecondsOf(result: LoadResult, process: string): number {
  const blocks = rateOf(result) * result.seconds;
  return Number((((result.usage[process]?.cpuSeconds ?? 0) * 1e6) / blocks).toFixed(1));
}

function percent(ratio: number): number {
  return Math.round(100 * ratio);
}

const relay: Scenario = {
  name: 'file-relay',
  title: 'online transfers by the dialogue of legacy clients (32 KiB a block), against a bare TCP relay',
  shape,
  axis: 'transfers',
  targets: counts.map((users) => figureTarget(`percentOfBare with ${users}`, '%', { atLeast: 50 })),
  run: async (context) => {
    const points: Point[] = [];
    const ratios: Record<string, number> = {};
    for (const users of counts) {
      const [bare, relayed] = await compare(context, users);
      ratios[`percentOfBare with ${users}`] = relayed.figures?.percentOfBare ?? 0;
      points.push({ x: users, label: `${users}, bare relay`, result: bare });
      const figures = { ...relayed.figures, ...ratios };
      points.push({ x: users, label: `${users}, file_server`, result: { ...relayed, figures } });
    }
    return points;
  },
};

const many: Scenario = {
  name: 'file-relay-500',
  title: '500 online transfers at once',
  shape,
  fresh: true,
  targets: [
    {
      what: 'memory of file_server',
      unit: 'MiB',
      measure: ({ usage }) => usage.file_server?.rssMib,
      atMost: 400,
    },
  ],
  run: async ({ cluster, load, quick }) => {
    const users = quick ? 50 : 500;
    const first = await haveTransfers(cluster, users);
    const server = cluster.address('file_server', 'client');
    return load('relay', { users, first, server, seconds: quick ? 2 : 15, warmup: 2 });
  },
};

export const fileScenarios: readonly Scenario[] = [relay, many];
