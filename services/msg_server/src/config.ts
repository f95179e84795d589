import {
  type AddressLimits,
  addressLimitEnv,
  addressLimits,
  type PortProxies,
  type PortTls,
  portProxies,
  portTls,
  proxyProtocolEnv,
  tlsEnv,
  type WebSocketConfig,
  webSocketConfig,
  webSocketEnv,
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
  type RpcTls,
  readEnv,
  rpcEnv,
  rpcTls,
} from '@teamtalk/service-kit';

/** The variables of msg_server. */
export const envSchema = {
  ...commonEnv(18000),
  ...busEnv,
  ...rpcEnv,
  CLIENT_HOST: env.string('0.0.0.0', 'Address the server listens on for clients'),
  CLIENT_PORT: env.port(8000, 'Port for clients'),
  ...webSocketEnv(9090),
  ...tlsEnv,
  ...proxyProtocolEnv,
  ADVERTISE_IP1: env.perPod(
    '127.0.0.1',
    'Address clients dial, handed out by login_server as priorIP; or pod=address pairs, separated by commas',
  ),
  ADVERTISE_IP2: env.optionalString('Second address clients may dial (backupIP); the first one when unset'),
  ADVERTISE_PORT: env.port(0, 'Port clients dial; 0: the port the server listens on'),
  MAX_CONNECTIONS: env.integer(
    20_000,
    1,
    1_000_000,
    'Logged-in connections at most; further logins are refused with result 2',
  ),
  ...addressLimitEnv,
  MAX_PDU_BYTES: env.integer(
    1_048_576,
    1024,
    67_108_864,
    'Largest PDU a client may send, including its header, bytes',
  ),
  MAX_MESSAGE_BYTES: env.integer(
    393_216,
    16,
    16_777_216,
    'Largest msg_data of a message, bytes; Android clients refuse frames above 400 KiB',
  ),
  LOGIN_TIMEOUT_MS: env.integer(
    15_000,
    10,
    600_000,
    'Time within which a connection must ask to log in before it is closed, ms',
  ),
  IDLE_PC_MS: env.integer(
    120_000,
    10,
    86_400_000,
    'A PC client that sends nothing for this long is closed, ms',
  ),
  IDLE_MOBILE_MS: env.integer(
    300_000,
    10,
    86_400_000,
    'A mobile client that sends nothing for this long is closed, ms',
  ),
  MAX_CONSECUTIVE_BAD_PDUS: env.integer(
    20,
    1,
    1_000_000,
    'Consecutive PDUs that are unknown or do not parse after which a connection is closed',
  ),
  MESSAGE_RATE: env.integer(
    20,
    0,
    1_000_000,
    'Sustained messages per second of one connection; a faster one is read more slowly. 0: no limit',
  ),
  MESSAGE_BURST: env.integer(
    40,
    1,
    1_000_000,
    'Messages one connection may send at once before MESSAGE_RATE applies',
  ),
  REQUEST_RATE: env.integer(
    20_000,
    0,
    100_000_000,
    'Cost of one user’s requests per second, in units of about a microsecond of CPU; the requests of a user who asks for more wait. 0: no limit',
  ),
  REQUEST_BURST: env.integer(
    300_000,
    1,
    1_000_000_000,
    'Cost one user’s requests may have at once before REQUEST_RATE applies: what a client asks for after its login has to fit twice',
  ),
  MAX_IN_FLIGHT: env.integer(
    256,
    1,
    100_000,
    'Messages and read marks of one connection waiting for the store at most',
  ),
  MAX_APPENDS: env.integer(20_000, 1, 1_000_000, 'Messages of all connections waiting for the store at most'),
  MAX_LOGINS: env.integer(256, 1, 100_000, 'Logins in flight at most; further ones wait their turn'),
  LOGIN_RATE: env.integer(
    1000,
    0,
    1_000_000,
    'Sustained logins that begin per second; further ones wait their turn, so that a wave of reconnecting clients does not delay the messages of connected ones. 0: no limit',
  ),
  LOGIN_BURST: env.integer(1000, 1, 1_000_000, 'Logins that may begin at once before LOGIN_RATE applies'),
  MAX_OUTBOUND_BYTES: env.integer(
    4_194_304,
    1024,
    1_073_741_824,
    'Unread bytes waiting for a client above which it is disconnected',
  ),
  APPEND_FLUSH_MS: env.integer(
    1,
    0,
    1000,
    'Time messages wait to be batched into a frame to db_proxy_server, ms; 0: until the end of the event-loop turn',
  ),
  CLIENT_FLUSH_MS: env.integer(
    0,
    0,
    1000,
    'Minimum time between two flushes to clients, ms; more saves CPU and adds latency. 0: a flush each event-loop turn',
  ),
  PRESENCE_BROADCAST: env.choice(
    ['all', 'queried'],
    'all',
    'Who is notified that a user came online or went offline: all PC clients, or only those that asked for that user’s status on their present connection',
  ),
  PUSH_NOTICE_AS_TEXT: env.choice(
    ['none', 'pc', 'mobile', 'all'],
    'none',
    'Client classes that do not know message type 3 and get it as a text message',
  ),
  HISTORY_MAX: env.integer(
    10_000,
    1,
    10_000,
    'Messages in one history response at most, and 4 MiB of them (Android: 400 KiB). Windows asks once for everything unread',
  ),
  DRAIN_SPREAD_MS: env.integer(
    10_000,
    0,
    600_000,
    'Time over which clients are disconnected when the server stops, at no fewer than 100 a second, ms; at least 3 s less than SHUTDOWN_SECONDS. Each other msg_server admits LOGIN_RATE of them per second',
  ),
};

/** msg_server's configuration, grouped by purpose. Times are milliseconds, sizes bytes. */
export interface MsgServerConfig extends CommonConfig {
  nats: BusConfig;
  /** undefined: gRPC without TLS */
  rpcTls: RpcTls | undefined;
  listen: { host: string; port: number };
  /** undefined: WebSocket is off. */
  webSocket: WebSocketConfig | undefined;
  /** undefined: no TLS */
  tls: PortTls | undefined;
  proxies: PortProxies;
  addressLimits: AddressLimits;
  advertise: { ip1: string; ip2: string; port: number };
  limits: {
    connections: number;
    pduBytes: number;
    messageBytes: number;
    consecutiveBadPdus: number;
    inFlight: number;
    appends: number;
    /** logins in flight */
    logins: number;
    outboundBytes: number;
    history: number;
  };
  timeouts: { loginMs: number; idlePcMs: number; idleMobileMs: number; drainSpreadMs: number };
  rate: { perSecond: number; burst: number };
  /** in units of cost, see request-costs.ts */
  requestRate: { perSecond: number; burst: number };
  loginRate: { perSecond: number; burst: number };
  flush: { appendMs: number; clientMs: number };
  presenceBroadcast: 'all' | 'queried';
  pushNoticeAsText: { pc: boolean; mobile: boolean };
}

function nest(values: EnvValues<typeof envSchema>): MsgServerConfig {
  const asText = values.PUSH_NOTICE_AS_TEXT;
  return {
    ...commonConfig(values),
    nats: busConfig(values),
    rpcTls: rpcTls(values),
    listen: { host: values.CLIENT_HOST, port: values.CLIENT_PORT },
    webSocket: webSocketConfig(values),
    tls: portTls(values),
    proxies: portProxies(values),
    addressLimits: addressLimits(values),
    advertise: {
      ip1: values.ADVERTISE_IP1,
      ip2: values.ADVERTISE_IP2 ?? values.ADVERTISE_IP1,
      port: values.ADVERTISE_PORT,
    },
    limits: {
      connections: values.MAX_CONNECTIONS,
      pduBytes: values.MAX_PDU_BYTES,
      messageBytes: values.MAX_MESSAGE_BYTES,
      consecutiveBadPdus: values.MAX_CONSECUTIVE_BAD_PDUS,
      inFlight: values.MAX_IN_FLIGHT,
      appends: values.MAX_APPENDS,
      logins: values.MAX_LOGINS,
      outboundBytes: values.MAX_OUTBOUND_BYTES,
      history: values.HISTORY_MAX,
    },
    timeouts: {
      loginMs: values.LOGIN_TIMEOUT_MS,
      idlePcMs: values.IDLE_PC_MS,
      idleMobileMs: values.IDLE_MOBILE_MS,
      drainSpreadMs: values.DRAIN_SPREAD_MS,
    },
    rate: { perSecond: values.MESSAGE_RATE, burst: values.MESSAGE_BURST },
    requestRate: { perSecond: values.REQUEST_RATE, burst: values.REQUEST_BURST },
    loginRate: { perSecond: values.LOGIN_RATE, burst: values.LOGIN_BURST },
    flush: { appendMs: values.APPEND_FLUSH_MS, clientMs: values.CLIENT_FLUSH_MS },
    presenceBroadcast: values.PRESENCE_BROADCAST as 'all' | 'queried',
    pushNoticeAsText: {
      pc: asText === 'pc' || asText === 'all',
      mobile: asText === 'mobile' || asText === 'all',
    },
  };
}

/** Milliseconds reserved after the last client is closed, to settle results, publish presence and deregister. */
const afterDrainMs = 3_000;

/** @throws ConfigError naming every invalid variable */
export function loadConfig(env: NodeJS.ProcessEnv): MsgServerConfig {
  const config = nest(readEnv(envSchema, env));
  const { shutdownMs, timeouts } = config;
  if (timeouts.drainSpreadMs > 0 && timeouts.drainSpreadMs + afterDrainMs > shutdownMs) {
    const least = Math.ceil((timeouts.drainSpreadMs + afterDrainMs) / 1000);
    throw new ConfigError([`SHUTDOWN_SECONDS: must be at least ${least} with this DRAIN_SPREAD_MS`]);
  }
  return config;
}
