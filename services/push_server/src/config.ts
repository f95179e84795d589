import { DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import {
  type BusConfig,
  busConfig,
  busEnv,
  type CommonConfig,
  commonConfig,
  commonEnv,
  env,
  type RpcTls,
  readEnv,
  rpcEnv,
  rpcTls,
  secretKeysEnv,
} from '@teamtalk/service-kit';
import { z } from 'zod';
import type { Preview } from './notification/alert.js';
import { providerConfig } from './provider-config.js';
import { credentialNames, type ProviderVariables, providerEnv } from './provider-env.js';
import type { PushRates } from './push-pace.js';
import { type PushServiceConfig, pushServiceConfig, pushServiceEnv } from './push-service/config.js';

/** The variable with the keys of stored credentials; `teamtalk push credential` reads it too. */
export const credentialEnv = {
  PUSH_CREDENTIALS_KEY: secretKeysEnv(
    'Keys of the credentials stored by `teamtalk push credential`, 32 bytes each, in hexadecimal or base64, separated by commas: the first one encrypts, all decrypt; empty: only credentials in variables are used',
  ),
};

/** The variables of push_server. */
export const envSchema = {
  ...commonEnv(18500),
  ...busEnv,
  ...rpcEnv,
  TEXT_KEY: z
    .string()
    .refine((key) => Buffer.byteLength(key) === 32, 'must be 32 bytes')
    .default(DEFAULT_TEXT_KEY)
    .describe('Key of message texts, shared with the clients, 32 bytes'),
  PUSH_PREVIEW: env.choice(
    ['full', 'name', 'none'],
    'full',
    'What notifications show: `full` text and names, `name` names only, `none` neither',
  ),
  PUSH_HOLD_MS: env.integer(
    2_000,
    0,
    60_000,
    'Time from a message until it is pushed, ms; what is read meanwhile is not pushed, and several messages of a conversation are one push',
  ),
  PUSH_TIME_ZONE: z
    .string()
    .refine(isTimeZone, 'must be the name of a time zone, such as Asia/Shanghai')
    .default('UTC')
    .describe('Time zone of the do-not-disturb hours, 22:00 to 07:00'),
  PUSHES_IN_FLIGHT: env.integer(1_000, 1, 10_000, 'Pushes given to providers at the same time, at most'),
  PUSH_RATE: z
    .string()
    .refine(
      (text) => pushRates(text) !== undefined,
      `must be a number, and after it may name providers: 10000,oppo=300`,
    )
    .default('10000')
    .describe(
      'Maximum pushes per second from one push_server to each provider, and to single ones, such as `10000,oppo=300,vivo=500`; further ones wait for up to a second or return to the queue',
    ),
  ...credentialEnv,
  ...providerEnv,
  ...pushServiceEnv,
};

export interface PushServerConfig extends CommonConfig {
  nats: BusConfig;
  /** undefined: gRPC without TLS */
  rpcTls: RpcTls | undefined;
  textKey: string;
  preview: Preview;
  holdMs: number;
  timeZone: string;
  maxInFlight: number;
  rates: PushRates;
  androidProvider: string;
  /** empty: stored credentials are not used */
  credentialKeys: string;
  providers: ProviderVariables;
  /** undefined: the built-in push service is off */
  pushService: PushServiceConfig | undefined;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** @returns undefined: the text is invalid */
function pushRates(text: string): PushRates | undefined {
  const [every = '', ...others] = text.split(',').map((part) => part.trim());
  const parts = others.map((part) => part.split('='));
  const known: readonly string[] = [...credentialNames, 'unifiedpush'];
  const isRate = (rate = '') => /^[1-9]\d{0,6}$/.test(rate) && Number(rate) <= 1_000_000;
  const areValid = parts.every(
    ([name = '', rate, ...rest]) => known.includes(name) && isRate(rate) && rest.length === 0,
  );
  if (!isRate(every) || !areValid) return undefined;
  return { every: Number(every), of: new Map(parts.map(([name = '', rate]) => [name, Number(rate)])) };
}

/** @throws ConfigError naming every invalid variable; the error of fs when a file cannot be read */
export function loadConfig(environment: NodeJS.ProcessEnv): PushServerConfig {
  const values = readEnv(envSchema, environment);
  // Validates the providers before anything is connected.
  providerConfig(values);
  return {
    ...commonConfig(values),
    nats: busConfig(values),
    rpcTls: rpcTls(values),
    textKey: values.TEXT_KEY,
    preview: values.PUSH_PREVIEW,
    holdMs: values.PUSH_HOLD_MS,
    timeZone: values.PUSH_TIME_ZONE,
    maxInFlight: values.PUSHES_IN_FLIGHT,
    rates: pushRates(values.PUSH_RATE) as PushRates,
    androidProvider: values.ANDROID_PUSH_DEFAULT,
    credentialKeys: values.PUSH_CREDENTIALS_KEY,
    providers: values,
    pushService: pushServiceConfig(values),
  };
}
