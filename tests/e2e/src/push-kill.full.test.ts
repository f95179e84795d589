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

    const ann = await cluster.connect('ann');
    const write = (text: string) =>
      Promise.all(names.map((name) => ann.send({ user: users[name] as number }, text)));
    for (let round = 1; round <= kills; round++) {
      const before = apns.accepted.size;
      await write(`message ${round}`);
      await waitUntil(() => apns.accepted.size > before, {
        what: 'pushes are on their way',
        timeoutMs: 60_000,
        everyMs: 1,
      });
      await Promise.all([cluster.kill('push_server', 0), cluster.kill('push_server', 1)]);
      await Promise.all([cluster.restart('push_server', 0), cluster.restart('push_server', 1)]);
    }
    await write('the last one');
    const newest = () => names.every((name) => stand.banner(name)?.aps.alert?.body === 'the last one');
    await waitUntil(newest, { what: 'every phone shows the newest message', timeoutMs: 120_000 });
    await stand.untilIdle(120_000);

    // A push that was claimed but not reported is sent again, with the same id and collapse id: the phone replaces it.
    const repeated = [...apns.accepted.values()].filter((count) => count > 1).length;
    console.log(
      `push: ${2 * kills} kills, ${apns.accepted.size} pushes, ${repeated} sent again under their id`,
    );
    const shown = [...apns.banners.keys()].filter((key) => !key.startsWith(tokenOf('zoe')));
    expect(shown).toHaveLength(readers);
    const doubled = await cluster.sql(
      `SELECT device_id, conv, msg_id FROM push_log WHERE outcome = 'accepted' GROUP BY 1, 2, 3 HAVING count(*) > 1`,
    );
    expect(doubled).toEqual([]);
    await ann.close();
  },
  kills * 60_000 + 400_000,
);
