import {
  type AddressLimits,
  addressLimitEnv,
  addressLimits,
  Networks,
  strictTransportEnv,
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
  readEnv,
} from '@teamtalk/service-kit';

const web = ['http:', 'https:'];
const webSocket = ['ws:', 'wss:'];

/** Variables of web_server. */
export const envSchema = {
  ...commonEnv(18888),
  ...busEnv,
  HTTP_HOST: env.string('0.0.0.0', 'Address the server listens on'),
  HTTP_PORT: env.port(8888, 'Port of the web client'),
  ...tlsEnv,
  WEB_SOCKET_URLS: env.string(
    'ws://127.0.0.1:9090/',
    'WebSocket URLs of the msg_servers as browsers reach them, separated by commas; wss: if the page is served by HTTPS',
  ),
  FILE_SERVER_URL: env.optionalString(
    'WebSocket URL of the file_servers as browsers reach them; {host} and {port} stand for the address that a file_server advertises. Unset: the web client does not transfer files',
  ),
  MSFS_URL: env.url('http://127.0.0.1:8700/', web, 'Base URL of msfs, as browsers reach it'),
  IMAGE_ORIGINS: env.optionalString(
    'Origins, besides that of MSFS_URL, whose images the web client shows, such as https://pictures.example.com, separated by commas; other images are shown as links',
  ),
  WEBPUSH_KEY_PUBLIC: env.optionalString(
    'Public half of push_server’s WEBPUSH_KEY, an uncompressed point in base64url; with it browsers can subscribe to notifications that arrive while the page is closed. Unset: the page does not offer them',
  ),
  TEXT_KEY: env.optionalString('Key of message texts, 32 bytes; unset: the key of historic clients'),
  MAX_CONNECTIONS: env.integer(
    10_000,
    1,
    1_000_000,
    'Maximum number of HTTP connections; further ones are refused',
  ),
  ...addressLimitEnv,
  ...trustedProxiesEnv,
  ...strictTransportEnv,
  REQUEST_TIMEOUT_MS: env.integer(
    15_000,
    10,
    600_000,
    'Time after which a connection without a complete request is closed, ms',
  ),
};

/** web_server's configuration, nested by purpose. Times are milliseconds. */
export interface WebServerConfig extends CommonConfig {
  nats: BusConfig;
  listen: { host: string; port: number };
  /** undefined: no TLS */
  tls: TlsFiles | undefined;
  maxConnections: number;
  addressLimits: AddressLimits;
  trustedProxies: Networks;
  requestTimeoutMs: number;
  /** for which browsers keep to HTTPS */
  hstsSeconds: number;
  webSocketUrls: readonly string[];
  /** undefined: the page does not transfer files */
  fileServerUrl: string | undefined;
  /** ends in a slash */
  msfsUrl: string;
  /** origins of msfs and others */
  imageOrigins: readonly string[];
  /** public key for Web Push subscriptions; undefined: the page does not offer them */
  pushKey: string | undefined;
  /** undefined: the key of historic clients */
  textKey: string | undefined;
  /** undefined: the built page; tests use others */
  pageFolder?: string;
}

function nest(values: EnvValues<typeof envSchema>): WebServerConfig {
  const webSocketUrls = listOf(values.WEB_SOCKET_URLS);
  const fileServerUrl = values.FILE_SERVER_URL;
  const origins = listOf(values.IMAGE_ORIGINS ?? '');
  const problems = [
    ...(webSocketUrls.length === 0 ? ['WEB_SOCKET_URLS: is empty'] : []),
    ...webSocketUrls
      .filter((url) => !isUrl(url, webSocket))
      .map((url) => `WEB_SOCKET_URLS: ${url} is not a ws: or wss: URL`),
    ...(fileServerUrl !== undefined && !isUrl(withAddress(fileServerUrl), webSocket)
      ? [`FILE_SERVER_URL: ${fileServerUrl} is not a ws: or wss: URL`]
      : []),
    ...origins
      .filter((origin) => !isUrl(origin, web) || new URL(origin).origin !== origin)
      .map((origin) => `IMAGE_ORIGINS: ${origin} is not an origin such as https://pictures.example.com`),
    ...(values.TEXT_KEY !== undefined && Buffer.byteLength(values.TEXT_KEY) !== 32
      ? ['TEXT_KEY: must be 32 bytes']
      : []),
    ...(values.WEBPUSH_KEY_PUBLIC !== undefined && !isPoint(values.WEBPUSH_KEY_PUBLIC)
      ? ['WEBPUSH_KEY_PUBLIC: must be an uncompressed point of P-256 (65 bytes) in base64url']
      : []),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  const { MSFS_URL } = values;
  return {
    ...commonConfig(values),
    nats: busConfig(values),
    listen: { host: values.HTTP_HOST, port: values.HTTP_PORT },
    tls: tlsFiles(values),
    maxConnections: values.MAX_CONNECTIONS,
    addressLimits: addressLimits(values),
    trustedProxies: Networks.parse('TRUSTED_PROXIES', values.TRUSTED_PROXIES),
    requestTimeoutMs: values.REQUEST_TIMEOUT_MS,
    hstsSeconds: values.HSTS_SECONDS,
    webSocketUrls,
    fileServerUrl,
    msfsUrl: MSFS_URL.endsWith('/') ? MSFS_URL : `${MSFS_URL}/`,
    imageOrigins: [...new Set([new URL(MSFS_URL).origin, ...origins])],
    pushKey: values.WEBPUSH_KEY_PUBLIC,
    textKey: values.TEXT_KEY,
  };
}

/** Fills in `{host}` and `{port}` with examples, to check the URL. */
function withAddress(url: string): string {
  return url.replaceAll('{host}', 'host').replaceAll('{port}', '1');
}

function isUrl(text: string, protocols: readonly string[]): boolean {
  return URL.canParse(text) && protocols.includes(new URL(text).protocol);
}

function isPoint(key: string): boolean {
  const bytes = /^[\w-]+$/.test(key) ? Buffer.from(key, 'base64url') : Buffer.alloc(0);
  return bytes.length === 65 && bytes[0] === 4;
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** @throws ConfigError that lists every invalid variable */
export function loadConfig(env: NodeJS.ProcessEnv): WebServerConfig {
  return nest(readEnv(envSchema, env));
}
