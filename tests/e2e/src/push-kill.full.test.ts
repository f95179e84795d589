import { waitUntil } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PushStand, tokenOf } from './push-stand.js';

/** PUSH_KILLS=60 takes ten minutes. */
const kills = Number(process.env.PUSH_KILLS ?? 3);
const readers = 20;

let stand: PushStand;

beforeAll(async () => {
  stand = await PushStand.start({ mode: 'processes', push_server: 2 });
}, 120_000);
afterAll(() => stand?.stop());

it(
  `both push_servers are killed ${kills} times while they push: no push is lost, and none is shown twice`,
  async () => {
    const { cluster, apns } = stand;
    const { names, users } = await stand.annAndReaders(readers);

    // Each round has a conversation of its own with every reader, so that no later banner hides one that is lost.
    const rounds = Array.from({ length: kills + 1 }, (_, round) => `writer ${round}`);
    await cluster.addUsers(rounds);
    const write = async (round: number) => {
      const writer = await cluster.connect(rounds[round] as string);
      await Promise.all(
        names.map((name) => writer.send({ user: users[name] as number }, `message ${round}`)),
      );
      await writer.close();
    };
    for (let round = 0; round < kills; round++) {
      const before = apns.accepted.size;
      await write(round);
      await waitUntil(() => apns.accepted.size > before, {
        what: 'pushes are on their way',
        timeoutMs: 60_000,
        everyMs: 1,
      });
      await Promise.all([cluster.kill('push_server', 0), cluster.kill('push_server', 1)]);
      await Promise.all([cluster.restart('push_server', 0), cluster.restart('push_server', 1)]);
    }
    await write(kills);
    const bodies = (name: string) =>
      [...apns.banners.values()]
        .filter(({ token }) => token === tokenOf(name))
        .map(({ payload }) => payload.aps.alert?.body)
        .sort();
    const wanted = rounds.map((_, round) => `message ${round}`).sort();
    const all = () => names.every((name) => bodies(name).length === wanted.length);
    await waitUntil(all, { what: 'every phone shows every message', timeoutMs: 120_000 });
    await stand.untilIdle(120_000);

    // A push that was claimed but not reported is sent again, with the same id and collapse id: the phone replaces it.
    const repeated = [...apns.accepted.values()].filter((count) => count > 1).length;
    console.log(
      `push: ${2 * kills} kills, ${apns.accepted.size} pushes, ${repeated} sent again under their id`,
    );
    for (const name of names) expect(bodies(name), name).toEqual(wanted);
    const doubled = await cluster.sql(
      `SELECT device_id, conv, msg_id FROM push_log WHERE outcome = 'accepted' GROUP BY 1, 2, 3 HAVING count(*) > 1`,
    );
    expect(doubled).toEqual([]);
  },
  kills * 60_000 + 400_000,
);
