import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { testDatabase } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Outcome, teamtalk } from './run.js';

const [first, second] = [randomBytes(32).toString('hex'), randomBytes(32).toString('base64')];
const pemOf = (namedCurve: string) =>
  generateKeyPairSync('ec', { namedCurve }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const appleKey = pemOf('P-256');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
}) as string;
const account = JSON.stringify({
  project_id: 'teamtalk-1',
  client_email: 'push@example.com',
  private_key: rsa,
});

let env: NodeJS.ProcessEnv;
let drop: () => Promise<void>;
const said: Outcome[] = [];

beforeAll(async () => {
  const database = await testDatabase();
  env = { DATABASE_URL: database.url, PUSH_CREDENTIALS_KEY: first };
  drop = () => database.drop();
});
afterAll(() => drop());

async function credential(words: string[], input = ''): Promise<Outcome> {
  const outcome = await teamtalk(['push', 'credential', ...words], env, input);
  said.push(outcome);
  return outcome;
}

const apns = [
  'set',
  'apns',
  '--key-id',
  'ABC123DEFG',
  '--team-id',
  'DEF123GHIJ',
  '--topic',
  'com.example.app',
];
const list = async () =>
  (await credential(['list', '--json'])).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { provider: string; description: string; keyId: string });

it('stores, lists, rotates and removes, and never prints a secret', async () => {
  expect(await credential(apns, appleKey)).toMatchObject({
    status: 0,
    stdout: 'apns: key ABC123DEFG of team DEF123GHIJ for com.example.app\n',
  });
  expect(await credential(['set', 'fcm'], account)).toMatchObject({
    stdout: 'fcm: push@example.com in project teamtalk-1\n',
  });
  const webpush = await credential(['set', 'webpush', '--subject', 'mailto:it@example.com'], pemOf('P-256'));
  expect(webpush.stdout).toMatch(/^webpush: mailto:it@example\.com, public key B[\w-]{86}\n$/);
  const before = await list();
  expect(before.map(({ provider }) => provider)).toEqual(['apns', 'fcm', 'webpush']);

  expect(await credential(['rotate'])).toMatchObject({ status: 0, stdout: '' });
  env.PUSH_CREDENTIALS_KEY = second;
  expect(await credential(['rotate'])).toMatchObject({
    status: 1,
    stderr: expect.stringMatching('none of the keys'),
  });
  env.PUSH_CREDENTIALS_KEY = `${second},${first}`;
  expect(await credential(['rotate'])).toMatchObject({
    stdout: 'rotated apns\nrotated fcm\nrotated webpush\n',
  });
  env.PUSH_CREDENTIALS_KEY = second;
  expect(await credential(['rotate'])).toMatchObject({ status: 0, stdout: '' });
  const after = await list();
  expect(after.map(({ keyId }) => keyId)).not.toEqual(before.map(({ keyId }) => keyId));
  expect(await credential(['remove', 'fcm'])).toMatchObject({ status: 0, stdout: 'removed fcm\n' });
  expect(await credential(['remove', 'fcm'])).toMatchObject({ status: 1 });
});

it.each([
  ['hms', ['--client-id', '104'], 'client 104'],
  ['hms', ['--client-id', '104', '--project-id', '736'], 'client 104 in project 736'],
  ['honor', ['--app-id', '1', '--client-id', '2'], 'client 2 for app 1'],
  ['xiaomi', ['--package', 'com.example.app', '--channel-id', '108'], 'for com.example.app'],
  ['oppo', ['--app-key', 'key', '--channel-id', 'chats'], 'app key key'],
  ['vivo', ['--app-id', '1', '--app-key', 'key'], 'app 1'],
])('stores the secret of %s', async (provider, options, description) => {
  expect(await credential(['set', provider, ...options], 'the maker’s secret\n')).toMatchObject({
    status: 0,
    stdout: `${provider}: ${description}\n`,
  });
  expect(await list()).toContainEqual(expect.objectContaining({ provider, description }));
});

it.each([
  ['an unknown provider', ['set', 'pager'], 'x', /one of apns, fcm, hms, honor, xiaomi, oppo, vivo, webpush/],
  ['a missing setting', ['set', 'apns', '--key-id', 'ABC123DEFG'], appleKey, /APNS_TEAM_ID/],
  ['a key of another curve', apns, pemOf('P-384'), /P-256/],
  ['no key', apns, 'no key at all', /./],
  ['a client without its id', ['set', 'hms'], 'secret of Huawei', /HMS_CLIENT_ID/],
  ['a maker without a secret', ['set', 'oppo', '--app-key', 'key'], '', /OPPO_MASTER_SECRET/],
  ['nothing', apns, '', /APNS_KEY/],
  ['another JSON', ['set', 'fcm'], '{"private_key":"a secret"}', /FCM_SERVICE_ACCOUNT/],
])('%s is refused, and why', async (_, words, input, why) => {
  const outcome = await credential(words, input);
  expect(outcome.status).toBe(1);
  expect(outcome.stderr).toMatch(why);
});

it('needs a key', async () => {
  for (const [list, why] of [
    ['', /PUSH_CREDENTIALS_KEY is not set/],
    ['short', /32 bytes/],
  ] as const) {
    env.PUSH_CREDENTIALS_KEY = list;
    const outcome = await credential(apns, appleKey);
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(why);
  }
});

it('no output contains a secret', () => {
  const text = said.map(({ stdout, stderr }) => stdout + stderr).join('\n');
  const secrets = [
    first,
    second,
    'a secret',
    'no key at all',
    'the maker’s secret',
    'secret of Huawei',
    ...appleKey.split('\n'),
    ...rsa.split('\n'),
  ];
  for (const secret of secrets) {
    if (secret.length > 7 && !secret.startsWith('-----')) expect(text).not.toContain(secret);
  }
});
