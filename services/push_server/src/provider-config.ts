import { readFileSync } from 'node:fs';
import { ConfigError, type EnvValues, env } from '@teamtalk/service-kit';
import { z } from 'zod';
import { Apns, type ApnsOptions } from './providers/apns/apns.js';
import type { ServiceAccount } from './providers/fcm/access-token.js';
import { Fcm, type FcmOptions } from './providers/fcm/fcm.js';
import type { Provider } from './providers/provider.js';
import { WebPush, type WebPushOptions } from './providers/web-push/web-push.js';

/** The variables of providers. Each provider is off without its key. */
export const providerEnv = {
  ANDROID_PUSH_DEFAULT: env.choice(
    ['fcm', 'unifiedpush'],
    'fcm',
    'Provider of Android tokens without a prefix',
  ),
  PUSH_CA_FILE: env.string(
    '',
    'Certificates (PEM) that providers are checked with, in place of those of the system; for a proxy that opens TLS, or a UnifiedPush server of the company',
  ),
  APNS_KEY: env.string(
    '',
    'Key of Apple (the text of the .p8 file) that signs for APNs; empty: nothing is pushed to iOS',
  ),
  APNS_KEY_ID: env.string('', 'Id of that key, 10 characters'),
  APNS_TEAM_ID: env.string('', 'Id of the team in the Apple developer account, 10 characters'),
  APNS_TOPIC: env.string('', 'Bundle id of the iOS app'),
  APNS_URL: env.string(
    'https://api.push.apple.com',
    'Address of APNs; https://api.sandbox.push.apple.com for apps that Xcode installs',
  ),
  FCM_SERVICE_ACCOUNT: env.string(
    '',
    'Key of a Google service account (the text of its JSON file) that may send for the Firebase project; empty: nothing is pushed by FCM',
  ),
  FCM_URL: env.string('https://fcm.googleapis.com', 'Address of FCM'),
  WEBPUSH_KEY: env.string(
    '',
    'EC key of curve P-256 (PEM) that signs for Web Push and UnifiedPush, and whose public half clients subscribe with; empty: neither',
  ),
  WEBPUSH_SUBJECT: env.string(
    '',
    'mailto: or https: address at which push services reach who runs this installation',
  ),
  WEBPUSH_HOSTS: env.string(
    'fcm.googleapis.com,updates.push.services.mozilla.com,*.push.apple.com,*.notify.windows.com',
    'Hosts of browsers’ push services, separated by commas; nothing is sent to others, whatever a client says',
  ),
  UNIFIEDPUSH_HOSTS: env.string(
    '',
    'Hosts of UnifiedPush servers, separated by commas; nothing is sent to others; empty: UnifiedPush is off',
  ),
};

export interface ProviderConfig {
  /** undefined: off */
  apns: ApnsOptions | undefined;
  fcm: FcmOptions | undefined;
  webPush: WebPushOptions | undefined;
  unifiedPush: WebPushOptions | undefined;
}

/** @throws ConfigError naming what is missing; the error of fs when a file cannot be read */
export function providerConfig(values: EnvValues<typeof providerEnv>): ProviderConfig {
  const ca = values.PUSH_CA_FILE === '' ? undefined : readFileSync(values.PUSH_CA_FILE, 'utf8');
  return {
    apns: apnsOptions(values, ca),
    fcm: fcmOptions(values, ca),
    webPush: webPushOptions(values, 'webpush', ca),
    unifiedPush: webPushOptions(values, 'unifiedpush', ca),
  };
}

/** @throws Error when a key cannot be read */
export function startProviders({ apns, fcm, webPush, unifiedPush }: ProviderConfig): Provider[] {
  const providers: Provider[] = [];
  if (apns) providers.push(new Apns(apns));
  if (fcm) providers.push(new Fcm(fcm));
  for (const options of [webPush, unifiedPush]) if (options) providers.push(new WebPush(options));
  return providers;
}

function apnsOptions(values: EnvValues<typeof providerEnv>, ca: string | undefined): ApnsOptions | undefined {
  if (values.APNS_KEY === '') return undefined;
  const { APNS_KEY_ID: keyId, APNS_TEAM_ID: teamId, APNS_TOPIC: topic } = values;
  const missing = Object.entries({ APNS_KEY_ID: keyId, APNS_TEAM_ID: teamId, APNS_TOPIC: topic })
    .filter(([, value]) => value === '')
    .map(([name]) => `${name}: needed with APNS_KEY`);
  if (missing.length > 0) throw new ConfigError(missing);
  return {
    server: { origin: values.APNS_URL, ca },
    key: { keyId, teamId, pem: values.APNS_KEY },
    topic,
  };
}

const serviceAccount = z.object({
  project_id: z.string().min(1),
  client_email: z.string().min(1),
  private_key: z.string().min(1),
  token_uri: z.url({ protocol: /^https$/ }).default('https://oauth2.googleapis.com/token'),
});

function fcmOptions(values: EnvValues<typeof providerEnv>, ca: string | undefined): FcmOptions | undefined {
  if (values.FCM_SERVICE_ACCOUNT === '') return undefined;
  return { origin: values.FCM_URL, account: accountOf(values.FCM_SERVICE_ACCOUNT), ca };
}

function accountOf(json: string): ServiceAccount {
  try {
    const account = serviceAccount.parse(JSON.parse(json));
    return {
      projectId: account.project_id,
      clientEmail: account.client_email,
      privateKey: account.private_key,
      tokenUri: account.token_uri,
    };
  } catch {
    // What is wrong with it may have its key.
    throw new ConfigError(['FCM_SERVICE_ACCOUNT: must be the JSON file of a Google service account']);
  }
}

function webPushOptions(
  values: EnvValues<typeof providerEnv>,
  name: 'webpush' | 'unifiedpush',
  ca: string | undefined,
): WebPushOptions | undefined {
  const { WEBPUSH_KEY: pem, WEBPUSH_SUBJECT: subject } = values;
  const hosts = (name === 'webpush' ? values.WEBPUSH_HOSTS : values.UNIFIEDPUSH_HOSTS)
    .split(',')
    .map((host) => host.trim().toLowerCase())
    .filter((host) => host !== '');
  if (pem === '' || hosts.length === 0) return undefined;
  if (!/^(mailto:.+@|https:\/\/)/.test(subject)) {
    throw new ConfigError(['WEBPUSH_SUBJECT: a mailto: or https: address is needed with WEBPUSH_KEY']);
  }
  return { name, key: { pem, subject }, hosts, ca };
}
