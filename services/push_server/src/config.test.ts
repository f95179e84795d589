import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { certificateFiles } from '@teamtalk/local-stack';
import { expect, test } from 'vitest';
import { loadConfig } from './config.js';
import { providerConfig, startProviders } from './provider-config.js';

const pemOf = (curve: string) =>
  generateKeyPairSync('ec', { namedCurve: curve }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
}) as string;

const names = async (environment: NodeJS.ProcessEnv) => {
  const providers = startProviders(providerConfig(loadConfig(environment).providers));
  await Promise.all(providers.map((provider) => provider.stop()));
  return providers.map(({ name }) => name);
};

test('without keys there is no provider', async () => {
  expect(await names({})).toEqual([]);
});

test('each provider is there with its key', async () => {
  const webPush = { WEBPUSH_KEY: pemOf('P-256'), WEBPUSH_SUBJECT: 'mailto:it@example.com' };
  expect(await names(webPush)).toEqual(['webpush']);
  const all = {
    ...webPush,
    UNIFIEDPUSH_HOSTS: 'push.example.com',
    APNS_KEY: pemOf('P-256'),
    APNS_KEY_ID: 'ABC123DEFG',
    APNS_TEAM_ID: 'DEF123GHIJ',
    APNS_TOPIC: 'com.example.teamtalk',
    FCM_SERVICE_ACCOUNT: JSON.stringify({
      project_id: 'teamtalk-1',
      client_email: 'push@example.com',
      private_key: rsa,
    }),
  };
  expect(await names(all)).toEqual(['apns', 'fcm', 'webpush', 'unifiedpush']);
  const vendors = {
    HMS_CLIENT_ID: '1',
    HMS_CLIENT_SECRET: 'secret',
    HONOR_APP_ID: '1',
    HONOR_CLIENT_ID: '1',
    HONOR_CLIENT_SECRET: 'secret',
    XIAOMI_APP_SECRET: 'secret',
    OPPO_APP_KEY: '1',
    OPPO_MASTER_SECRET: 'secret',
    VIVO_APP_ID: '1',
    VIVO_APP_KEY: '1',
    VIVO_APP_SECRET: 'secret',
  };
  expect(await names(vendors)).toEqual(['hms', 'honor', 'xiaomi', 'oppo', 'vivo']);
});

test('what is missing is named, and no key is repeated', () => {
  expect(() => loadConfig({ APNS_KEY: 'key', APNS_KEY_ID: 'A' })).toThrow('APNS_TEAM_ID');
  expect(() => loadConfig({ WEBPUSH_KEY: 'key' })).toThrow('WEBPUSH_SUBJECT');
  expect(() => loadConfig({ HMS_CLIENT_ID: '1' })).toThrow('HMS_CLIENT_SECRET');
  expect(() => loadConfig({ HONOR_APP_ID: '1' })).toThrow('HONOR_CLIENT_SECRET');
  expect(() => loadConfig({ OPPO_APP_KEY: '1' })).toThrow('OPPO_MASTER_SECRET');
  expect(() => loadConfig({ VIVO_APP_ID: '1' })).toThrow('VIVO_APP_SECRET');
  expect(() => loadConfig({ PUSH_TIME_ZONE: 'Mars/Olympus' })).toThrow('PUSH_TIME_ZONE');
  for (const account of ['secret', '{"private_key":"secret"}', 'null']) {
    expect(() => loadConfig({ FCM_SERVICE_ACCOUNT: account })).toThrow('FCM_SERVICE_ACCOUNT');
    expect(() => loadConfig({ FCM_SERVICE_ACCOUNT: account })).not.toThrow('secret');
  }
});

test('a host may be named with its port, of which 443 goes without saying', () => {
  const { providers } = loadConfig({
    WEBPUSH_KEY: pemOf('P-256'),
    WEBPUSH_SUBJECT: 'mailto:it@example.com',
    UNIFIEDPUSH_HOSTS: 'Push.example.com:443, up.example.com:8443',
  });
  expect(providerConfig(providers).unifiedPush?.hosts).toEqual(['push.example.com', 'up.example.com:8443']);
});

test('the company’s CA certificates are trusted besides the public ones', () => {
  const { certFile } = certificateFiles('first');
  const { providers } = loadConfig({
    WEBPUSH_KEY: pemOf('P-256'),
    WEBPUSH_SUBJECT: 'mailto:it@example.com',
    UNIFIEDPUSH_HOSTS: 'push.example.com',
    PUSH_CA_FILE: certFile,
  });
  const { webPush, unifiedPush } = providerConfig(providers);
  const wanted = [...tls.rootCertificates, readFileSync(certFile, 'utf8')];
  for (const options of [webPush, unifiedPush]) {
    expect(wanted.filter((certificate) => !options?.ca?.includes(certificate))).toEqual([]);
  }
});

test('a key that none of the providers takes ends the start', () => {
  const { providers } = loadConfig({ WEBPUSH_KEY: pemOf('P-384'), WEBPUSH_SUBJECT: 'mailto:it@example.com' });
  expect(() => startProviders(providerConfig(providers))).toThrow('P-256');
});

test('the built-in push service is off without PUSH_SERVICE_URL, whose host is allowed implicitly', async () => {
  expect(loadConfig({}).pushService).toBeUndefined();
  const environment = {
    PUSH_SERVICE_URL: 'https://push.example.com',
    WEBPUSH_KEY: pemOf('P-256'),
    WEBPUSH_SUBJECT: 'mailto:it@example.com',
  };
  expect(await names(environment)).toEqual(['webpush', 'unifiedpush']);
  expect(loadConfig(environment).pushService).toMatchObject({ listen: { port: 8500 }, senders: [] });
  for (const url of ['http://push.example.com', 'https://push.example.com/push', 'push.example.com']) {
    expect(() => loadConfig({ ...environment, PUSH_SERVICE_URL: url }), url).toThrow('PUSH_SERVICE_URL');
  }
  expect(() => loadConfig({ ...environment, PUSH_SERVICE_SENDERS: 'BAAA' })).toThrow('PUSH_SERVICE_SENDERS');
});

test('providers may have rates of their own', () => {
  expect(loadConfig({}).rates).toEqual({ every: 10_000, of: new Map() });
  const of = new Map([
    ['oppo', 300],
    ['vivo', 500],
  ]);
  expect(loadConfig({ PUSH_RATE: '5000, oppo=300,vivo=500' }).rates).toEqual({ every: 5_000, of });
  for (const rate of [
    'many',
    '0',
    '1.5',
    '1000001',
    'oppo=300',
    '5000,opo=300',
    '5000,oppo',
    '5000,oppo=0',
    '1,oppo=1=1',
  ])
    expect(() => loadConfig({ PUSH_RATE: rate }), rate).toThrow('PUSH_RATE');
});
