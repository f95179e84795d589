import { waitUntil } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PushStand, tokenOf } from './push-stand.js';

/** PUSH_READ_MESSAGES=100000 for more. */
const messages = Number(process.env.PUSH_READ_MESSAGES ?? 400);
const readers = 20;
const rounds = Math.ceil(messages / readers);

let stand: PushStand;

beforeAll(async () => {
  // Long enough for a busy machine to read within it.
  stand = await PushStand.start({ mode: 'processes', holdMs: 5_000 });
}, 120_000);
afterAll(() => stand?.stop());

it(
  `none of ${rounds * readers} messages that are read during their hold is pushed`,
  async () => {
    const { cluster, apns } = stand;
    const { names, users } = await stand.annAndReaders(readers);
    const ann = await cluster.connect('ann');
    const write = (name: string, text: string) => ann.send({ user: users[name] as number }, text);

    const onPc = await Promise.all(names.map(async (name) => ({ name, pc: await cluster.connect(name) })));
    await Promise.all(
      onPc.map(async ({ name, pc }) => {
        for (let round = 1; round <= rounds; round++) {
          const { msgId } = await write(name, `message ${round}`);
          await pc.markRead({ user: users.ann as number }, msgId);
        }
        const all = async () => (await pc.unread()).total === 0;
        await waitUntil(all, { what: 'all is read', everyMs: 100 });
        await pc.close();
      }),
    );
    await stand.untilIdle();
    // Nor has the badge been changed.
    const pushed = names.filter((name) => apns.badges.has(tokenOf(name)));
    expect(pushed).toEqual([]);

    for (const name of names) await write(name, 'not read');
    const rings = () => names.every((name) => stand.banner(name)?.aps.alert?.body === 'not read');
    await waitUntil(rings, { what: 'what is not read rings', timeoutMs: 60_000 });
    await ann.close();
  },
  Math.max(180_000, messages * 20),
);
