import { type StorageConfig, storageConfig, storageEnv } from '@teamtalk/blob-store';
import {
  type AddressLimits,
  addressLimitEnv,
  addressLimits,
  Networks,
  Origins,
  type TlsFiles,
  tlsEnv,
  tlsFiles,
  trustedProxiesEnv,
} from '@teamtalk/net';
import {
  type BusConfig,
  busConfig,
  busEnv,
  type CommonConfig,
  ConfigError,
  commonConfig,
  commonEnv,
  type EnvValues,
  env,
  isProduction,
  problemsOfSecrets,
  readEnv,
} from '@teamtalk/service-kit';

/** Variables of msfs. */
export const envSchema = {
  ...commonEnv(18700),
  ...busEnv,
  ...storageEnv,
  HTTP_HOST: env.string('0.0.0.0', 'Address the server listens on'),
  HTTP_PORT: env.port(8700, 'Port for uploads and images'),
  ...tlsEnv,
  PUBLIC_URL: env.url(
    '',
    ['http:', 'https:'],
    'Prefix of the URLs of uploads, as clients reach it; when unset, the Host header of the upload',
  ),
  MSFS_UPLOAD_AUTH: env.choice(
    ['addresses', 'tokens', 'open'],
    'addresses',
    'Who may upload. addresses: clients at the IP address (of IPv6: the /64) of a user who is logged in, and those with a token; tokens: only those with a token; open: everybody, as with the original, which NODE_ENV=production refuses',
  ),
  MSFS_UPLOAD_TOKENS: env.optionalString(
    'Tokens for uploads, separated by commas, each of at least 16 characters; sent as Authorization: Bearer TOKEN, or as ?token=TOKEN',
  ),
  UPLOAD_DAY_BYTES: env.integer(
    1_073_741_824,
    0,
    Number.MAX_SAFE_INTEGER,
    'Bytes that a user may upload in a day (UTC), where MSFS_UPLOAD_AUTH=addresses tells who it is; 0: no limit',
  ),
  UPLOAD_ORIGINS: env.optionalString(
    'Origins of web pages that may upload, such as https://chat.example.com, separated by commas; unset or *: any',
  ),
  MAX_CONNECTIONS: env.integer(
    10_000,
    1,
    1_000_000,
    'Maximum number of HTTP connections; further ones are refused',
  ),
  ...addressLimitEnv,
  ...trustedProxiesEnv,
  MAX_UPLOADS: env.integer(500, 1, 100_000, 'Maximum number of concurrent uploads; further ones are refused'),
  MIN_UPLOAD_RATE: env.integer(
    1_024,
    0,
    1_073_741_824,
    'Least bytes a second of an upload; one that is slower for IDLE_TIMEOUT_MS is refused. 0: no limit',
  ),
  MAX_UPLOAD_BYTES: env.integer(10_485_760, 1024, 1_073_741_824, 'Largest file that may be uploaded, bytes'),
  REQUEST_TIMEOUT_MS: env.integer(120_000, 10, 3_600_000, 'Longest time a request may take to arrive, ms'),
  IDLE_TIMEOUT_MS: env.integer(
    30_000,
    10,
    3_600_000,
    'A connection without progress for this long, in the middle of an upload or an image, is closed, ms',
  ),
  IMAGE_CACHE_BYTES: env.integer(
    67_108_864,
    0,
    17_179_869_184,
    'Size of the image cache, bytes; half of it on top for thumbnails, and at most as much again for data slow clients have not read yet',
  ),
  THUMBNAIL_DIR: env.optionalString(
    'Folder for thumbnails, not shared with other instances; a temporary one when unset',
  ),
  THUMBNAIL_CACHE_BYTES: env.integer(
    268_435_456,
    1_048_576,
    1_099_511_627_776,
    'Maximum size of that folder, bytes',
  ),
  THUMBNAIL_MAX_PIXELS: env.integer(
    40_000_000,
    10_000,
    1_000_000_000,
    'Images with more pixels (width times height) get no thumbnails',
  ),
  THUMBNAIL_MAX_SIDE: env.integer(2048, 16, 16_384, 'Largest width and height of a thumbnail, pixels'),
  THUMBNAIL_CONCURRENCY: env.integer(2, 1, 256, 'Thumbnails generated concurrently'),
  THUMBNAIL_MAX_WAITING: env.integer(
    200,
    1,
    100_000,
    'Maximum number of queued thumbnails; further ones are refused',
  ),
  THUMBNAIL_SECONDS: env.integer(
    10,
    1,
    600,
    'Longest time the generation of one thumbnail may take, seconds',
  ),
};

/** msfs's configuration, nested by purpose. Times are milliseconds, sizes bytes. */
export interface MsfsConfig extends CommonConfig {
  nats: BusConfig;
  storage: StorageConfig;
  listen: { host: string; port: number };
  /** undefined: no TLS */
  tls: TlsFiles | undefined;
  addressLimits: AddressLimits;
  /** proxies whose X-Forwarded-For is trusted */
  trustedProxies: Networks;
  /** undefined: the Host of the upload */
  publicUrl: string | undefined;
  uploadAuth: 'addresses' | 'tokens' | 'open';
  uploadTokens: readonly string[];
  /** bytes a user may upload a day; 0: any number */
  uploadDayBytes: number;
  /** whose web pages may upload */
  uploadOrigins: Origins;
  limits: { connections: number; uploads: number; uploadBytes: number; uploadRate: number };
  timeouts: { requestMs: number; idleMs: number };
  imageCacheBytes: number;
  thumbnails: ThumbnailConfig;
}

export interface ThumbnailConfig {
  /** undefined: a temporary one */
  folder: string | undefined;
  cacheBytes: number;
  maxPixels: number;
  maxSide: number;
  concurrency: number;
  maxWaiting: number;
  seconds: number;
}

function nest(values: EnvValues<typeof envSchema>): MsfsConfig {
  return {
    ...commonConfig(values),
    nats: busConfig(values),
    storage: storageConfig(values),
    listen: { host: values.HTTP_HOST, port: values.HTTP_PORT },
    tls: tlsFiles(values),
    addressLimits: addressLimits(values),
    trustedProxies: Networks.parse('TRUSTED_PROXIES', values.TRUSTED_PROXIES),
    publicUrl: values.PUBLIC_URL ? values.PUBLIC_URL.replace(/\/+$/, '') : undefined,
    uploadAuth: values.MSFS_UPLOAD_AUTH,
    uploadTokens: listOf(values.MSFS_UPLOAD_TOKENS ?? ''),
    uploadDayBytes: values.UPLOAD_DAY_BYTES,
    uploadOrigins: Origins.parse('UPLOAD_ORIGINS', values.UPLOAD_ORIGINS, 'any'),
    limits: {
      connections: values.MAX_CONNECTIONS,
      uploads: values.MAX_UPLOADS,
      uploadBytes: values.MAX_UPLOAD_BYTES,
      uploadRate: values.MIN_UPLOAD_RATE,
    },
    timeouts: { requestMs: values.REQUEST_TIMEOUT_MS, idleMs: values.IDLE_TIMEOUT_MS },
    imageCacheBytes: values.IMAGE_CACHE_BYTES,
    thumbnails: {
      folder: values.THUMBNAIL_DIR,
      cacheBytes: values.THUMBNAIL_CACHE_BYTES,
      maxPixels: values.THUMBNAIL_MAX_PIXELS,
      maxSide: values.THUMBNAIL_MAX_SIDE,
      concurrency: values.THUMBNAIL_CONCURRENCY,
      maxWaiting: values.THUMBNAIL_MAX_WAITING,
      seconds: values.THUMBNAIL_SECONDS,
    },
  };
}

function check({ uploadAuth, uploadTokens }: MsfsConfig, production: boolean): void {
  const problems = problemsOfSecrets('MSFS_UPLOAD_TOKENS', uploadTokens);
  if (uploadAuth === 'tokens' && uploadTokens.length === 0) {
    problems.push('MSFS_UPLOAD_TOKENS: is required with MSFS_UPLOAD_AUTH=tokens');
  }
  if (uploadAuth === 'open' && production) {
    problems.push(
      'MSFS_UPLOAD_AUTH: open is refused with NODE_ENV=production: leave it at addresses, or give clients tokens',
    );
  }
  if (problems.length > 0) throw new ConfigError(problems);
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** @throws ConfigError naming every variable that is wrong */
export function loadConfig(env: NodeJS.ProcessEnv): MsfsConfig {
  const config = nest(readEnv(envSchema, env));
  check(config, isProduction(env));
  return config;
}
