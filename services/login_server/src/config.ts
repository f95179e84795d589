import {
  type AddressLimits,
  addressLimitEnv,
  addressLimits,
  Networks,
  Origins,
  type ProxyProtocol,
  proxyProtocol,
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
  commonConfig,
  commonEnv,
  type EnvValues,
  env,
  readEnv,
} from '@teamtalk/service-kit';

const web = ['http:', 'https:'];

/** Variables of login_server. */
export const envSchema = {
  ...commonEnv(18080),
  ...busEnv,
  HTTP_HOST: env.string('0.0.0.0', 'Address the server listens on for HTTP'),
  HTTP_PORT: env.port(8080, 'Port of GET /msg_server and GET /status'),
  TCP_HOST: env.string('0.0.0.0', 'Address the server listens on for command 0x0101'),
  TCP_PORT: env.port(8008, 'Port for command 0x0101'),
  ...tlsEnv,
  TLS_CERT_FILE: env.optionalString(
    'PEM file of the TLS certificate with its chain; set together with TLS_KEY_FILE, HTTP_PORT serves HTTPS. TCP_PORT stays plain, because its clients do not support TLS. The files are reloaded when they change',
  ),
  MSFS_PRIOR_URL: env.url('http://127.0.0.1:8700/', web, 'Base URL of msfs, as clients reach it'),
  MSFS_BACKUP_URL: env.url('', web, 'Second base URL of msfs; the first one when unset'),
  DISCOVERY_URL: env.url(
    '',
    web,
    'URL of the discovery list for clients: /api/discovery of http_msg_server, as clients reach it; none when unset',
  ),
  CORS_ORIGINS: env.optionalString(
    'Origins of the web pages that may read responses of HTTP_PORT, such as https://chat.example.com, separated by commas; *: any; unset: none',
  ),
  BASE_URL: env.url('', web, 'baseUrl of the response, for clients that read it; left out when unset'),
  MAX_HTTP_CONNECTIONS: env.integer(
    10_000,
    1,
    1_000_000,
    'Maximum number of HTTP connections; further ones are refused',
  ),
  MAX_TCP_CONNECTIONS: env.integer(
    10_000,
    1,
    1_000_000,
    'Maximum number of TCP connections; further ones are refused',
  ),
  ...addressLimitEnv,
  PROXY_PROTOCOL: env.choice(
    ['off', 'v1', 'v2'],
    'off',
    'v1, v2: every connection to TCP_PORT begins with a PROXY header of that version, in which the load balancer gives the client’s address; a connection without one is closed and, if TRUSTED_PROXIES is set, so is one from elsewhere',
  ),
  ...trustedProxiesEnv,
  MAX_PDU_BYTES: env.integer(1024, 16, 1_048_576, 'Largest PDU a client may send, header included, bytes'),
  REQUEST_TIMEOUT_MS: env.integer(
    15_000,
    10,
    600_000,
    'A connection without a complete request after this time is closed, ms',
  ),
  MAX_CONSECUTIVE_BAD_PDUS: env.integer(
    20,
    1,
    1_000_000,
    'Number of PDUs other than 0x0101 after which a TCP connection is closed',
  ),
};

/** login_server's configuration, nested by purpose. Times are milliseconds, sizes bytes. */
export interface LoginServerConfig extends CommonConfig {
  nats: BusConfig;
  http: { host: string; port: number; maxConnections: number };
  tcp: {
    host: string;
    port: number;
    maxConnections: number;
    maxPduBytes: number;
    maxBadPdus: number;
    /** undefined: connections do not begin with a PROXY header. */
    proxyProtocol: ProxyProtocol | undefined;
  };
  requestTimeoutMs: number;
  /** for the HTTP port; undefined: no TLS */
  tls: TlsFiles | undefined;
  addressLimits: AddressLimits;
  trustedProxies: Networks;
  /** whose web pages may read HTTP responses */
  corsOrigins: Origins;
  /** What clients are sent besides the msg_server; URLs of msfs end in a slash. */
  urls: { msfsPrior: string; msfsBackup: string; discovery: string; baseUrl: string | undefined };
  /** the variables behind `urls`, as the console shows them */
  told: readonly { variable: string; value: string; isDefault: boolean }[];
}

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}

function nest(values: EnvValues<typeof envSchema>): LoginServerConfig {
  const urls = {
    msfsPrior: withSlash(values.MSFS_PRIOR_URL),
    msfsBackup: withSlash(values.MSFS_BACKUP_URL || values.MSFS_PRIOR_URL),
    discovery: values.DISCOVERY_URL,
    baseUrl: values.BASE_URL || undefined,
  };
  const toldBy = (
    variable: 'MSFS_PRIOR_URL' | 'MSFS_BACKUP_URL' | 'DISCOVERY_URL' | 'BASE_URL',
    value: string,
  ) => {
    const isDefault = values[variable] === envSchema[variable].parse(undefined);
    return { variable, value, isDefault };
  };
  return {
    ...commonConfig(values),
    nats: busConfig(values),
    http: { host: values.HTTP_HOST, port: values.HTTP_PORT, maxConnections: values.MAX_HTTP_CONNECTIONS },
    tcp: {
      host: values.TCP_HOST,
      port: values.TCP_PORT,
      maxConnections: values.MAX_TCP_CONNECTIONS,
      maxPduBytes: values.MAX_PDU_BYTES,
      maxBadPdus: values.MAX_CONSECUTIVE_BAD_PDUS,
      proxyProtocol: proxyProtocol(values),
    },
    requestTimeoutMs: values.REQUEST_TIMEOUT_MS,
    tls: tlsFiles(values),
    addressLimits: addressLimits(values),
    trustedProxies: Networks.parse('TRUSTED_PROXIES', values.TRUSTED_PROXIES),
    corsOrigins: Origins.parse('CORS_ORIGINS', values.CORS_ORIGINS, 'none'),
    urls,
    told: [
      toldBy('MSFS_PRIOR_URL', urls.msfsPrior),
      toldBy('MSFS_BACKUP_URL', urls.msfsBackup),
      toldBy('DISCOVERY_URL', urls.discovery),
      toldBy('BASE_URL', urls.baseUrl ?? ''),
    ],
  };
}

/** @throws ConfigError naming every variable that is wrong */
export function loadConfig(env: NodeJS.ProcessEnv): LoginServerConfig {
  return nest(readEnv(envSchema, env));
}
