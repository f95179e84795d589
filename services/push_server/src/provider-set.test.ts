import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FakeApns } from '@teamtalk/local-stack';
import { createKit, readEnv, readMetrics, SecretKeys, sumOf } from '@teamtalk/service-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { providerEnv } from './provider-env.js';
import { ProviderSet } from './provider-set.js';

const key = randomBytes(32).toString('hex');
const ids = { keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ' };
const topic = 'com.example.teamtalk';
const right = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const wrong = generateKeyPairSync('ec', { namedCurve: 'P-256' });

let fake: FakeApns;
let folder: string;
let stored: { provider: string; sealed: Buffer }[];
let storeUp: boolean;
const sets: ProviderSet[] = [];
const newKit = () => createKit('push_server', { logLevel: 'silent', shutdownMs: 1_000 });

beforeEach(async () => {
  fake = await FakeApns.start({ publicKey: right.publicKey, ...ids, topic });
  folder = mkdtempSync(path.join(tmpdir(), 'teamtalk-credentials-'));
  writeFileSync(path.join(folder, 'ca.pem'), fake.ca);
  stored = [];
  storeUp = true;
});
afterEach(async () => {
  for (const each of sets.splice(0)) await each.stop();
  await fake.close();
  rmSync(folder, { recursive: true });
});

const values = ({ privateKey }: typeof right) => ({
  APNS_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  APNS_KEY_ID: ids.keyId,
  APNS_TEAM_ID: ids.teamId,
  APNS_TOPIC: topic,
});

function store(content: object, by = key, provider = 'apns'): void {
  const sealed = new SecretKeys(by).seal(provider, JSON.stringify(content)).bytes;
  stored = [...stored.filter((each) => each.provider !== provider), { provider, sealed }];
}

function start(env: Record<string, string> = {}, credentialKeys = key, parts = newKit()): ProviderSet {
  const set = new ProviderSet({
    kit: parts,
    pool: {
      replicas: [1],
      callOnce: async () => {
        if (!storeUp) throw new Error('no store');
        return { credentials: stored };
      },
    } as never,
    variables: readEnv(providerEnv, {
      APNS_URL: fake.origin,
      PUSH_CA_FILE: path.join(folder, 'ca.pem'),
      ...env,
    }),
    credentialKeys,
  });
  sets.push(set);
  return set;
}

let sent = 0;
const send = (set: ProviderSet, name = 'apns') =>
  set.get(name)?.send({
    id: `00000000-0000-4000-8000-${String(++sent).padStart(12, '0')}`,
    token: 'ab'.repeat(32),
    app: '',
    collapseId: 's1',
    expiresAt: Date.now() + 86_400_000,
    alert: { title: 'Ann', body: 'hello' },
    badge: 3,
    data: { msg_type: 1, from_id: 7 },
  });

test('a stored credential is applied, replaced and removed without a restart', async () => {
  const set = start();
  await set.refresh();
  expect([set.size, set.get('apns')]).toEqual([0, undefined]);
  store(values(wrong));
  await set.refresh();
  expect(await send(set)).toMatchObject({ kind: 'blocked', reason: 'InvalidProviderToken' });
  const refused = set.get('apns');
  store(values(right));
  await set.refresh();
  expect(set.get('apns')).not.toBe(refused);
  expect(await send(set)).toMatchObject({ kind: 'accepted' });
  const kept = set.get('apns');
  await set.refresh();
  expect(set.get('apns'), 'an unchanged provider is kept').toBe(kept);
  stored = [];
  await set.refresh();
  expect(set.size).toBe(0);
});

test('a stored credential overrides the one in the variables until it is removed', async () => {
  const set = start(values(wrong));
  store(values(right));
  expect(set.size, 'not yet known which credential applies').toBe(0);
  await set.refresh();
  expect(await send(set)).toMatchObject({ kind: 'accepted' });
  stored = [];
  await set.refresh();
  expect(await send(set)).toMatchObject({ kind: 'blocked' });
});

test('without keys the variables apply, and the store is not asked', async () => {
  storeUp = false;
  const set = start(values(right), '');
  expect([set.size, set.mayChange]).toEqual([1, false]);
  expect(await send(set)).toMatchObject({ kind: 'accepted' });
});

test('while the store is unavailable, the last known credentials apply', async () => {
  store(values(right));
  const set = start();
  await set.refresh();
  storeUp = false;
  stored = [];
  await set.refresh();
  expect(await send(set)).toMatchObject({ kind: 'accepted' });
});

test.each([
  ['encrypted with another key', () => store(values(right), randomBytes(32).toString('hex'))],
  [
    'of another provider',
    () => {
      store(values(right), key, 'fcm');
      stored = stored.map((each) => ({ ...each, provider: 'apns' }));
    },
  ],
  ['without a topic', () => store({ ...values(right), APNS_TOPIC: '' })],
  ['with an invalid key', () => store({ ...values(right), APNS_KEY: 'x' })],
  ['that is not a JSON object', () => store([])],
])('with a credential %s pushes wait, without falling back to another one', async (_, spoil) => {
  const parts = newKit();
  const set = start(values(wrong), key, parts);
  spoil();
  await set.refresh();
  const unusable = async () =>
    sumOf(
      readMetrics(await parts.metrics.registry.metrics()),
      'teamtalk_push_server_credentials_unusable',
      {},
    );
  expect(await send(set)).toMatchObject({ kind: 'blocked' });
  expect([await unusable(), fake.refusals]).toEqual([1, []]);
  store(values(right));
  await set.refresh();
  expect(await send(set)).toMatchObject({ kind: 'accepted' });
  expect(await unusable()).toBe(0);
});
