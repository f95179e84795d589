import {
  type AddressLimits,
  addressLimitEnv,
  addressLimits,
  Networks,
  type TlsFiles,
  tlsEnv,
  tlsFiles,
  trustedProxiesEnv,
} from '@teamtalk/net';
import { ConfigError, type EnvValues, env } from '@teamtalk/service-kit';
import { publicKeyOf } from '../providers/web-push/p256.js';

/** Variables of the push service on the company's own network; PUSH_SERVICE_URL is among those of the providers. */
export const pushServiceEnv = {
  HTTP_HOST: env.string('0.0.0.0', 'Address the push service listens on'),
  HTTP_PORT: env.port(8500, 'Port of the push service; without PUSH_SERVICE_URL it is not opened'),
  ...tlsEnv,
  PUSH_SERVICE_SENDERS: env.string(
    '',
    'VAPID public keys of other programs that may send by the push service, separated by commas; empty: none may, and this installation needs no key',
  ),
  MAX_CONNECTIONS: env.integer(
    10_000,
    1,
    1_000_000,
    'Maximum number of connections of the push service, a phone has one; further ones are refused',
  ),
  ...addressLimitEnv,
  ...trustedProxiesEnv,
  REQUEST_TIMEOUT_MS: env.integer(
    15_000,
    10,
    600_000,
    'A connection without a complete request after this time is closed, ms',
  ),
};

export interface PushServiceConfig {
  url: string;
  listen: { host: string; port: number };
  /** undefined: no TLS */
  tls: TlsFiles | undefined;
  senders: readonly string[];
  maxConnections: number;
  addressLimits: AddressLimits;
  trustedProxies: Networks;
  /** milliseconds */
  requestMs: number;
}

/**
 * @returns undefined: the push service is off
 * @throws ConfigError naming what is wrong
 */
export function pushServiceConfig(
  values: EnvValues<typeof pushServiceEnv> & { PUSH_SERVICE_URL: string },
): PushServiceConfig | undefined {
  const { PUSH_SERVICE_URL: url } = values;
  if (url === '') return undefined;
  if (!URL.canParse(url) || new URL(url).href !== `${new URL(url).origin}/`) {
    throw new ConfigError(['PUSH_SERVICE_URL: must have no path, as https://push.example.com']);
  }
  return {
    url,
    listen: { host: values.HTTP_HOST, port: values.HTTP_PORT },
    tls: tlsFiles(values),
    senders: sendersOf(values.PUSH_SERVICE_SENDERS),
    maxConnections: values.MAX_CONNECTIONS,
    addressLimits: addressLimits(values),
    trustedProxies: Networks.parse('TRUSTED_PROXIES', values.TRUSTED_PROXIES),
    requestMs: values.REQUEST_TIMEOUT_MS,
  };
}

function sendersOf(list: string): string[] {
  const senders = list
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');
  for (const key of senders) {
    try {
      publicKeyOf(Buffer.from(key, 'base64url'));
    } catch {
      throw new ConfigError([`PUSH_SERVICE_SENDERS: ${key} is no VAPID public key`]);
    }
  }
  return senders;
}
