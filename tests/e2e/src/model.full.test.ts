import { TestCluster } from '@teamtalk/cluster';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Model } from './model/model.js';
import { createGroup, operations } from './model/operations.js';
import { World } from './model/world.js';

const users = 4;
const servers = 3;
/** Concurrent sequences, each with its own users, whose messages share batches. */
const concurrency = 10;
const sequences = Number(process.env.MODEL_SEQUENCES ?? 200);
/** Values printed by a failed run, to repeat it. */
const { MODEL_SEED: seed, MODEL_PATH: path, MODEL_REPLAY_PATH: replayPath } = process.env;

let cluster: TestCluster;
let passwordHash: string;

async function startCluster(directDelivery: string): Promise<void> {
  cluster = await TestCluster.start({
    msg_server: servers,
    route_server: 2,
    db_proxy_server: 2,
    envOf: { msg_server: { MESSAGE_RATE: '0' }, db_proxy_server: { DIRECT_DELIVERY: directDelivery } },
  });
  await cluster.addUsers(['somebody']);
  const [row] = await cluster.sql<{ hash: string }>(
    `SELECT password_hash AS hash FROM im_user WHERE name = 'somebody'`,
  );
  passwordHash = row!.hash;
}

const property = fc.asyncProperty(
  operations({ users, servers, maxCommands: 30, replayPath }),
  async (commands) => {
    const model = new Model();
    const world = await World.create(cluster, model, { users, servers, passwordHash });
    try {
      for (let user = 0; user < users; user++) await world.connect(user, 0, user, 'cut');
      await createGroup(0, [1, 2]).run(model, world);
      await fc.asyncModelRun(() => ({ model, real: world }), commands);
      await world.caughtUp();
      for (const [user, connection] of world.connectionsOf([...world.ids.keys()])) {
        await world.verifyUser(user, connection);
        for (const conversation of model.conversationsOf(user)) {
          await world.verifyHistory(conversation, user, connection);
        }
      }
      // No unexpected message arrived afterwards.
      await world.caughtUp();
    } finally {
      await world.close();
    }
  },
);

/**
 * A failure is shown with its seed, path and replayPath; as MODEL_SEED, MODEL_PATH and MODEL_REPLAY_PATH they repeat it.
 * Many more sequences: `npm run test:nightly`.
 */
describe.each(['true', 'false'])('with DIRECT_DELIVERY=%s', (directDelivery) => {
  beforeAll(() => startCluster(directDelivery));
  afterAll(() => cluster?.stop());

  it(
    `${sequences} random sequences of operations agree with a simple model`,
    async () => {
      const first = seed === undefined ? Date.now() & 0x7fff_ffff : Number(seed);
      const worker = (k: number) =>
        fc.assert(property, {
          seed: first + k,
          numRuns: Math.ceil(sequences / concurrency),
          ...(path !== undefined && { path }),
          // Shrinking a failure takes many runs.
          interruptAfterTimeLimit: 60_000 + sequences * 2_000,
          markInterruptAsFailure: true,
        });
      const running = Array.from({ length: path === undefined ? concurrency : 1 }, (_, k) => worker(k));
      const failures: string[] = [];
      for (const outcome of await Promise.allSettled(running)) {
        if (outcome.status === 'rejected')
          failures.push(`${outcome.reason.message}\n${outcome.reason.cause}`);
      }
      expect(failures.join('\n\n')).toBe('');
    },
    180_000 + sequences * 2_000,
  );
});
