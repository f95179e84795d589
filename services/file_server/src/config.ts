import { type StorageConfig, storageConfig, storageEnv } from '@teamtalk/blob-store';
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
  commonConfig,
  commonEnv,
  type EnvValues,
  env,
  type RpcTls,
  readEnv,
  rpcEnv,
  rpcTls,
} from '@teamtalk/service-kit';

const kib = 1024;
const mib = 1024 ** 2;
const gib = 1024 ** 3;
const tib = 1024 ** 4;

/** Variables of file_server. */
export const envSchema = {
  ...commonEnv(18600),
  ...busEnv,
  ...rpcEnv,
  CLIENT_HOST: env.string('0.0.0.0', 'Address the server listens on for clients'),
  CLIENT_PORT: env.port(8600, 'Port for clients'),
  ...webSocketEnv(9600),
  ADVERTISE_IP: env.perPod(
    '127.0.0.1',
    'Address clients dial, sent with each file transfer; or pod=address pairs, separated by commas',
  ),
  ADVERTISE_PORT: env.port(0, 'Port clients dial; 0: the port the server listens on'),
  ...tlsEnv,
  ...proxyProtocolEnv,
  LOGIN_CHECK: env.choice(
    ['task', 'session', 'address'],
    'session',
    'What is required of a user besides the task’s id and being its sender or receiver. session: a login at a msg_server; address: such a login from the same IP address; task: nothing',
  ),
  LOGIN_CHECK_MS: env.integer(
    1_000,
    10,
    10_000,
    'Time for msg_servers to report where a user is logged in, ms',
  ),
  MAX_CONNECTIONS: env.integer(
    10_000,
    1,
    1_000_000,
    'Maximum number of connections; further ones are refused',
  ),
  ...addressLimitEnv,
  MAX_PDU_BYTES: env.integer(
    262_144,
    64 * kib,
    67_108_864,
    'Largest PDU a client may send, header included, bytes',
  ),
  LOGIN_TIMEOUT_MS: env.integer(
    15_000,
    10,
    600_000,
    'A connection without a login request after this time is closed, ms',
  ),
  STALL_MS: env.integer(
    60_000,
    10,
    3_600_000,
    'A connection is closed if it takes longer than this to send a requested block (32 KiB), or reads nothing of its output for this long, ms',
  ),
  IDLE_MS: env.integer(
    300_000,
    10,
    86_400_000,
    'A connection that sends nothing for this long, not even a heartbeat, is closed, unless it waits for the other side of its transfer, ms',
  ),
  PEER_GRACE_MS: env.integer(
    15_000,
    10,
    600_000,
    'How long one side of an online transfer waits for the other to reconnect before the transfer is cancelled, ms',
  ),
  TASK_MS: env.integer(
    3_600_000,
    1000,
    604_800_000,
    'A transfer without progress for this long is deleted, ms',
  ),
  UNSENT_TASK_MS: env.integer(
    600_000,
    1000,
    604_800_000,
    'An offline transfer whose sender has sent nothing for this long is deleted, ms',
  ),
  OFFLINE_FILE_MS: env.integer(
    604_800_000,
    1000,
    31_536_000_000,
    'How long a file is stored for its receiver, ms (7 days)',
  ),
  SWEEP_MS: env.integer(60_000, 10, 86_400_000, 'Interval between sweeps of expired transfers and files, ms'),
  USER_UNFINISHED_TASKS: env.integer(
    100,
    0,
    1_000_000,
    'Maximum number of unfinished transfers per sender; 0: no limit',
  ),
  USER_QUOTA_BYTES: env.integer(
    32 * gib,
    0,
    Number.MAX_SAFE_INTEGER,
    'Maximum size of all offline files of one sender, bytes; 0: no limit',
  ),
  TOTAL_QUOTA_BYTES: env.integer(
    tib,
    0,
    Number.MAX_SAFE_INTEGER,
    'Maximum size of all offline files together: what is stored of them, and what unfinished uploads reserve, bytes; 0: no limit',
  ),
  USER_RESERVED_BYTES: env.integer(
    256 * mib,
    0,
    Number.MAX_SAFE_INTEGER,
    'Of TOTAL_QUOTA_BYTES, what one sender reserves at most by declaring files and not sending them yet, bytes; 0: all that is declared',
  ),
  PART_BYTES: env.integer(
    4_194_304,
    32_768,
    67_108_864,
    'Size of the parts in which an upload is stored, which is the most an interrupted upload has to repeat, bytes',
  ),
  MAX_CONSECUTIVE_BAD_PDUS: env.integer(
    20,
    1,
    1_000_000,
    'Number of unknown or malformed PDUs in a row after which a connection is closed',
  ),
  ...storageEnv,
};

/** file_server's configuration, nested by purpose. Times are milliseconds, sizes bytes. */
export interface FileServerConfig extends CommonConfig {
  nats: BusConfig;
  /** undefined: no TLS */
  rpcTls: RpcTls | undefined;
  listen: { host: string; port: number };
  /** undefined: WebSocket is off. */
  webSocket: WebSocketConfig | undefined;
  advertise: { ip: string; port: number };
  /** undefined: no TLS */
  tls: PortTls | undefined;
  proxies: PortProxies;
  addressLimits: AddressLimits;
  loginCheck: { proof: 'task' | 'session' | 'address'; timeoutMs: number };
  limits: { connections: number; pduBytes: number; consecutiveBadPdus: number };
  timeouts: { loginMs: number; stallMs: number; idleMs: number; peerGraceMs: number };
  tasks: {
    unsentMs: number;
    unfinishedMs: number;
    offlineFileMs: number;
    sweepMs: number;
    partBytes: number;
    quota: { userBytes: number; totalBytes: number; reservedBytes: number; unfinished: number };
  };
  storage: StorageConfig;
}

function nest(values: EnvValues<typeof envSchema>): FileServerConfig {
  return {
    ...commonConfig(values),
    nats: busConfig(values),
    rpcTls: rpcTls(values),
    listen: { host: values.CLIENT_HOST, port: values.CLIENT_PORT },
    webSocket: webSocketConfig(values),
    advertise: { ip: values.ADVERTISE_IP, port: values.ADVERTISE_PORT },
    tls: portTls(values),
    proxies: portProxies(values),
    addressLimits: addressLimits(values),
    loginCheck: { proof: values.LOGIN_CHECK, timeoutMs: values.LOGIN_CHECK_MS },
    limits: {
      connections: values.MAX_CONNECTIONS,
      pduBytes: values.MAX_PDU_BYTES,
      consecutiveBadPdus: values.MAX_CONSECUTIVE_BAD_PDUS,
    },
    timeouts: {
      loginMs: values.LOGIN_TIMEOUT_MS,
      stallMs: values.STALL_MS,
      idleMs: values.IDLE_MS,
      peerGraceMs: values.PEER_GRACE_MS,
    },
    tasks: {
      unsentMs: Math.min(values.UNSENT_TASK_MS, values.TASK_MS),
      unfinishedMs: values.TASK_MS,
      offlineFileMs: values.OFFLINE_FILE_MS,
      sweepMs: values.SWEEP_MS,
      partBytes: values.PART_BYTES,
      quota: {
        userBytes: values.USER_QUOTA_BYTES,
        totalBytes: values.TOTAL_QUOTA_BYTES,
        reservedBytes: values.USER_RESERVED_BYTES,
        unfinished: values.USER_UNFINISHED_TASKS,
      },
    },
    storage: storageConfig(values),
  };
}

/** @throws ConfigError naming every variable that is wrong */
export function loadConfig(env: NodeJS.ProcessEnv): FileServerConfig {
  return nest(readEnv(envSchema, env));
}
