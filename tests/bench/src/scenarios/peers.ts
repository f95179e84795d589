import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { testPassword } from '@teamtalk/cluster';
import type { LoadResult } from '@teamtalk/load-generator';
import { domain, Ejabberd, hasEjabberd } from '../peers/ejabberd.js';
import type { XmppLoadOptions } from '../peers/xmpp-load.js';
import type { Point, Scenario, ScenarioContext } from '../scenario.js';

const rates = [100, 400, 1_000];

/** Each message stored before it is acknowledged, on one PostgreSQL; one server after the other. */
const peers: Scenario = {
  name: 'peers',
  title: '100, 400 and 1,000 messages/s between 2,000 connections: TeamTalk, and ejabberd with its archive',
  axis: 'server, messages/s',
  onDemand: true,
  run: async (context) => {
    const { cluster, quick, load, say } = context;
    const common = {
      users: quick ? 200 : 2_000,
      size: 128,
      seconds: quick ? 3 : 30,
      warmup: quick ? 1 : 5,
      drain: 20,
    };
    const points: Point[] = [];
    const add = (server: string, rate: number, result: LoadResult) =>
      points.push({ x: points.length, label: `${server} ${rate}`, result });

    await cluster.haveUsers('u', common.users);
    for (const rate of rates) add('TeamTalk', rate, await load('p2p', { ...common, rate, verify: true }));
    await cluster.leave();
    if (hasEjabberd()) {
      for (const [rate, result] of await loadEjabberd(context, common)) add('ejabberd', rate, result);
    } else {
      say('  ejabberd is not installed: apt-get install ejabberd erlang-p1-pgsql');
    }
    return points;
  },
};

type Common = Pick<XmppLoadOptions, 'users' | 'size' | 'seconds' | 'warmup' | 'drain'>;

async function loadEjabberd(
  { cluster }: ScenarioContext,
  common: Common,
): Promise<[rate: number, result: LoadResult][]> {
  const { postgres } = cluster.infrastructure;
  const server = await Ejabberd.start(postgres, { users: common.users, password: testPassword });
  const results: [number, LoadResult][] = [];
  try {
    const watch = [server.watched, { name: 'postgres', pid: postgres.pid }];
    const where = { port: server.port, domain, password: testPassword };
    for (const rate of rates) {
      const before = await server.archived();
      const result = await inProcess({ ...common, ...where, rate, watch });
      const archived = (await server.archived()) - before;
      if (archived < (result.messages?.acked ?? 0)) {
        throw new Error(`ejabberd archived ${archived} of ${result.messages?.acked} acknowledged messages`);
      }
      results.push([rate, { ...result, figures: { archived } }]);
    }
  } finally {
    await server.stop();
  }
  return results;
}

async function inProcess(options: XmppLoadOptions): Promise<LoadResult> {
  const child = fork(fileURLToPath(new URL('../peers/xmpp-process.js', import.meta.url)), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  try {
    child.send(options);
    const { result, error } = await new Promise<{ result?: LoadResult; error?: string }>(
      (resolve, reject) => {
        child.once('message', (message) => resolve(message as { result?: LoadResult; error?: string }));
        child.once('exit', (code) => reject(new Error(`the XMPP load ended (${code})`)));
      },
    );
    if (!result) throw new Error(error);
    return result;
  } finally {
    child.kill();
  }
}

export const peerScenarios: readonly Scenario[] = [peers];
