import { generateKeyPairSync } from 'node:crypto';
import { DistributorPhone, waitUntil } from '@teamtalk/local-stack';
import { ClientType } from '@teamtalk/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PushStand } from './push-stand.js';

const origin = 'https://push.test';
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const kills = 3;

let stand: PushStand;
let users: Record<string, number>;
const phones: DistributorPhone[] = [];

beforeAll(async () => {
  const env = {
    WEBPUSH_KEY: key.export({ type: 'pkcs8', format: 'pem' }) as string,
    WEBPUSH_SUBJECT: 'mailto:it@example.com',
    PUSH_SERVICE_URL: origin,
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: '0',
  };
  stand = await PushStand.start({ mode: 'processes', push_server: 2, env });
  users = await stand.cluster.addUsers(['ann', 'ben', 'cat', 'zoe']);
  await stand.untilPushed('ann', 'zoe', users.zoe as number);
}, 180_000);
afterAll(async () => {
  for (const phone of phones) await phone.disconnect();
  await stand?.stop();
});

/** A phone whose app has registered its subscription. */
async function phoneOf(name: string): Promise<DistributorPhone> {
  const { cluster } = stand;
  const urls = () => [0, 1].map((k) => cluster.url('push_server', k));
  const phone = new DistributorPhone(origin, urls);
  phones.push(phone);
  await stand.phoneOf(name, { token: `unifiedpush:${phone.subscription}`, clientType: ClientType.ANDROID });
  return phone;
}

const until = (condition: () => boolean, what: string) => waitUntil(condition, { what, timeoutMs: 120_000 });
const bodies = (phone: DistributorPhone) => [...phone.banners.values()].map(({ body }) => body);

it('a phone without internet rings, receives missed pushes, and withdraws what is read elsewhere', async () => {
  const { cluster } = stand;
  const phone = await phoneOf('ben');
  phone.connect();
  await until(() => phone.connected, 'the phone is connected');
  const ann = await cluster.connect('ann');
  const ben = users.ben as number;
  await ann.send({ user: ben }, 'hello');
  await until(() => bodies(phone).includes('hello'), 'the banner');
  expect([...phone.banners.values()]).toMatchObject([{ title: 'ann', body: 'hello', badge: 1 }]);

  await phone.disconnect();
  await ann.send({ user: ben }, 'one');
  await stand.untilIdle();
  const newest = await ann.send({ user: ben }, 'two');
  await stand.untilIdle();
  const had = phone.ids.size;
  phone.connect();
  await until(() => bodies(phone).includes('two'), 'what it has missed');
  expect(phone.ids.size, 'the newest one of the conversation').toBe(had + 1);

  const pc = await cluster.connect('ben');
  await pc.markRead({ user: users.ann as number }, newest.msgId);
  await until(() => phone.banners.size === 0, 'the banner goes');
  await pc.close();
  await ann.close();
}, 400_000);

it(`both push_servers are killed ${kills} times while they push: nothing is lost`, async () => {
  const { cluster } = stand;
  const phone = await phoneOf('cat');
  phone.connect();
  await until(() => phone.connected, 'the phone is connected');
  const ann = await cluster.connect('ann');
  for (let round = 1; round <= kills; round++) {
    await ann.send({ user: users.cat as number }, `message ${round}`);
    await Promise.all([cluster.kill('push_server', 0), cluster.kill('push_server', 1)]);
    await Promise.all([cluster.restart('push_server', 0), cluster.restart('push_server', 1)]);
  }
  await until(() => bodies(phone).includes(`message ${kills}`), 'the newest message');
  await stand.untilIdle(120_000);
  // A push that was sent but not reported is sent again, and replaces the previous one.
  expect(phone.banners.size).toBe(1);
  await ann.close();
}, 600_000);
