import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { ConfigError } from '@teamtalk/service-kit';
import { z } from 'zod';
import type { CredentialName, ProviderVariables } from './provider-env.js';
import { Apns, type ApnsOptions } from './providers/apns/apns.js';
import type { ServiceAccount } from './providers/fcm/access-token.js';
import { Fcm, type FcmOptions } from './providers/fcm/fcm.js';
import type { Provider } from './providers/provider.js';
import { type OwnService, WebPush, type WebPushOptions } from './providers/web-push/web-push.js';
import {
  type OutsideReach,
  requireWith,
  startVendors,
  type VendorConfig,
  vendorConfig,
} from './vendor-config.js';

export interface ProviderConfig {
  /** undefined: off */
  apns: ApnsOptions | undefined;
  fcm: FcmOptions | undefined;
  vendors: VendorConfig;
  webPush: WebPushOptions | undefined;
  unifiedPush: WebPushOptions | undefined;
}

/** @throws ConfigError naming what is missing; the error of fs when a file cannot be read */
export function providerConfig(values: ProviderVariables): ProviderConfig {
  const { PUSH_CA_FILE: caFile, PUSH_PROXY: proxyUrl } = values;
  const outside = {
    ca: caFile === '' ? undefined : [...tls.rootCertificates, readFileSync(caFile, 'utf8')].join('\n'),
    proxy: proxyUrl === '' ? undefined : new URL(proxyUrl),
  };
  return {
    apns: apnsOptions(values, outside),
    fcm: fcmOptions(values, outside),
    vendors: vendorConfig(values, outside),
    webPush: webPushOptions(values, 'webpush', outside),
    unifiedPush: webPushOptions(values, 'unifiedpush', { ca: outside.ca, proxy: undefined }),
  };
}

/**
 * @param of starts only providers that use this credential; left out: all
 * @param ownService takes messages for its own subscriptions directly, without a request; left out: none
 * @throws Error when a key cannot be read
 */
export function startProviders(
  config: ProviderConfig,
  of?: CredentialName,
  ownService?: OwnService,
): Provider[] {
  const wants = (name: CredentialName) => of === undefined || of === name;
  const { apns, fcm, vendors, webPush, unifiedPush } = config;
  const providers: Provider[] = [];
  if (apns && wants('apns')) providers.push(new Apns(apns));
  if (fcm && wants('fcm')) providers.push(new Fcm(fcm));
  providers.push(...startVendors(vendors, wants));
  if (webPush && wants('webpush')) providers.push(new WebPush(webPush));
  if (unifiedPush && wants('webpush')) providers.push(new WebPush({ ...unifiedPush, ownService }));
  return providers;
}

function apnsOptions(values: ProviderVariables, reach: OutsideReach): ApnsOptions | undefined {
  if (values.APNS_KEY === '') return undefined;
  const { APNS_KEY_ID: keyId, APNS_TEAM_ID: teamId, APNS_TOPIC: topic } = values;
  requireWith('APNS_KEY', { APNS_KEY_ID: keyId, APNS_TEAM_ID: teamId, APNS_TOPIC: topic });
  return {
    server: { origin: values.APNS_URL, ...reach },
    key: { keyId, teamId, pem: values.APNS_KEY },
    topic,
  };
}

const serviceAccount = z.object({
  project_id: z.string().min(1),
  client_email: z.string().min(1),
  private_key: z.string().min(1),
  // Nothing else, because push_server posts to it, and the console shows what it answers.
  token_uri: z
    .url({ protocol: /^https$/, hostname: /(^|\.)googleapis\.com$/ })
    .default('https://oauth2.googleapis.com/token'),
});

function fcmOptions(values: ProviderVariables, reach: OutsideReach): FcmOptions | undefined {
  if (values.FCM_SERVICE_ACCOUNT === '') return undefined;
  return { origin: values.FCM_URL, account: accountOf(values.FCM_SERVICE_ACCOUNT), ...reach };
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
  values: ProviderVariables,
  name: 'webpush' | 'unifiedpush',
  reach: OutsideReach,
): WebPushOptions | undefined {
  const { WEBPUSH_KEY: pem, WEBPUSH_SUBJECT: subject } = values;
  const servesItself = name === 'unifiedpush' && values.PUSH_SERVICE_URL !== '';
  const hosts = (name === 'webpush' ? values.WEBPUSH_HOSTS : values.UNIFIEDPUSH_HOSTS)
    .split(',')
    .map((host) => host.trim().toLowerCase().replace(/:443$/, ''))
    .filter((host) => host !== '');
  if (pem === '' || (hosts.length === 0 && !servesItself)) return undefined;
  if (!/^(mailto:.+@|https:\/\/)/.test(subject)) {
    throw new ConfigError(['WEBPUSH_SUBJECT: a mailto: or https: address is needed with WEBPUSH_KEY']);
  }
  return { name, key: { pem, subject }, hosts, ...reach };
}
