import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TestCluster } from '@teamtalk/cluster';
import { FakeApns, waitUntil } from '@teamtalk/local-stack';
import { ClientType, Commands } from '@teamtalk/protocol';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

const ids = { keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ' };
const topic = 'com.example.teamtalk';

let folder: string;
let fake: FakeApns;
let cluster: TestCluster;
let users: Record<'ann' | 'ben' | 'cat', number>;

beforeAll(async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  fake = await FakeApns.start({ publicKey, ...ids, topic });
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-push-'));
  const caFile = path.join(folder, 'ca.pem');
  await writeFile(caFile, fake.ca);
  cluster = await TestCluster.start({
    push_server: 2,
    envOf: {
      push_server: {
        APNS_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
        APNS_KEY_ID: ids.keyId,
        APNS_TEAM_ID: ids.teamId,
        APNS_TOPIC: topic,
        APNS_URL: fake.origin,
        PUSH_CA_FILE: caFile,
        PUSH_HOLD_MS: '500',
      },
    },
  });
  users = await cluster.addUsers(['ann', 'ben', 'cat']);
  // The first claim of a push_server is what makes messages count.
  await waitUntil(async () => (await cluster.sql('SELECT FROM push_consumer')).length === 1, {
    what: 'a push_server asks for work',
  });
  // The first device, too; db_proxy_server looks for both once a second.
  await phoneOf('cat');
  const ann = await cluster.connect('ann');
  const rings = async () => {
    await ann.send({ user: users.cat }, 'first');
    return banner('cat') !== undefined;
  };
  await waitUntil(rings, { what: 'the first banner', timeoutMs: 30_000, everyMs: 500 });
  await ann.close();
});
afterAll(async () => {
  await cluster?.stop();
  await fake?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});
beforeEach(() => fake.banners.clear());

const tokenOf = (name: keyof typeof users) => Buffer.from(name.padEnd(32, '-')).toString('hex');

/** Sends a phone's token, and goes without a logout, as an app in the background does. */
async function phoneOf(name: keyof typeof users, token = tokenOf(name)): Promise<void> {
  const phone = await cluster.connect(name, { clientType: ClientType.IOS });
  await phone.request(Commands.LoginReqDevicetoken, Commands.LoginResDevicetoken, {
    userId: 0,
    deviceToken: token,
  });
  await phone.close();
}

const banner = (name: keyof typeof users) =>
  [...fake.banners.values()].find(({ token }) => token === tokenOf(name))?.payload;

it('a message rings the phone of a receiver who is away, and a tap opens the right conversation', async () => {
  await phoneOf('ben');
  const ann = await cluster.connect('ann');
  await ann.send({ user: users.ben }, '你好');
  await waitUntil(() => banner('ben') !== undefined, { what: 'the banner', timeoutMs: 15_000 });
  expect(banner('ben')?.aps).toMatchObject({ alert: { title: 'ann', body: '你好' }, badge: 1 });
  expect(JSON.parse(banner('ben')?.custom ?? '')).toEqual({ msg_type: 1, from_id: users.ann });
  await ann.close();
});

it('who is on a PC gets the badge only', async () => {
  await phoneOf('ben');
  const pc = await cluster.connect('ben');
  const ann = await cluster.connect('ann');
  await ann.send({ user: users.ben }, 'are you there?');
  await waitUntil(() => banner('ben') !== undefined, { what: 'the badge', timeoutMs: 15_000 });
  expect(banner('ben')?.aps).toEqual({ badge: 2 });
  await pc.close();
  await ann.close();
});

it('a phone that another user has now rings for that one only', async () => {
  await phoneOf('ben');
  await phoneOf('cat', tokenOf('ben'));
  const ann = await cluster.connect('ann');
  await ann.send({ user: users.ben }, 'for Ben');
  await ann.send({ user: users.cat }, 'for Cat');
  await waitUntil(() => banner('ben') !== undefined, { what: 'the banner', timeoutMs: 15_000 });
  expect([...fake.banners.values()].map(({ payload }) => payload.aps.alert?.body)).toEqual(['for Cat']);
  await ann.close();
});
