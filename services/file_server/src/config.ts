import { type StorageConfig, storageConfig, storageEnv } from '@teamtalk/blob-store';
import { type TlsFiles, tlsEnv, tlsFiles } from '@teamtalk/net';
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
const gib = 1024 ** 3;
const tib = 1024 ** 4;

/** The variables of file_server. */
export const envSchema = {
  ...commonEnv(18600),
  ...busEnv,
  ...rpcEnv,
  CLIENT_HOST: env.string('0.0.0.0', 'Address the server listens on for clients'),
  CLIENT_PORT: env.port(8600, 'Port for clients'),
  ADVERTISE_IP: env.perPod(
    '127.0.0.1',
    'Address clients dial, handed out with a file transfer; or pod=address pairs, separated by commas',
  ),
  ADVERTISE_PORT: env.port(0, 'Port clients dial; 0: the port the server listens on'),
  ...tlsEnv,
  PROXY_PROTOCOL: env.choice(
    ['off', 'v2'],
    'off',
    'v2: every connection of a client begins with a PROXY header (version 2) that tells the client’s address, as a load balancer sends it; one without it is closed',
  ),
  LOGIN_CHECK: env.choice(
    ['task', 'session', 'address'],
    'session',
    'What a user has to prove besides knowing the task’s id and being its sender or receiver. session: he is logged in to a msg_server; address: from the IP address this connection comes from; task: nothing',
  ),
  LOGIN_CHECK_MS: env.integer(
    1_000,
    10,
    10_000,
    'Time msg_servers have to say where a user is logged in, ms',
  ),
  MAX_CONNECTIONS: env.integer(10_000, 1, 1_000_000, 'Connections at most; more are refused'),
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
    'A connection that has not asked to log in by then is closed, ms',
  ),
  STALL_MS: env.integer(
    60_000,
    10,
    3_600_000,
    'A connection is closed that for so long sends nothing of a block it was asked for, or takes nothing of what is written to it, ms',
  ),
  IDLE_MS: env.integer(
    300_000,
    10,
    86_400_000,
    'A connection is closed that for so long says nothing, not even a heartbeat; one that waits for the other side of its transfer is not, ms',
  ),
  PEER_GRACE_MS: env.integer(
    15_000,
    10,
    600_000,
    'How long one side of an online transfer waits for the other to come back before it is told that it is off, ms',
  ),
  TASK_MS: env.integer(
    3_600_000,
    1000,
    604_800_000,
    'A transfer that makes no progress for so long is forgotten, ms',
  ),
  OFFLINE_FILE_MS: env.integer(
    604_800_000,
    1000,
    31_536_000_000,
    'How long a file waits for its receiver, ms (7 days)',
  ),
  SWEEP_MS: env.integer(
    60_000,
    10,
    86_400_000,
    'Time between two looks for transfers and files whose time is over, ms',
  ),
  USER_UNFINISHED_TASKS: env.integer(
    100,
    0,
    1_000_000,
    'Transfers of one sender that are asked for and not finished, at most; 0: no limit',
  ),
  USER_QUOTA_BYTES: env.integer(
    32 * gib,
    0,
    Number.MAX_SAFE_INTEGER,
    'Bytes of offline files of one sender, at most; 0: no limit',
  ),
  TOTAL_QUOTA_BYTES: env.integer(
    tib,
    0,
    Number.MAX_SAFE_INTEGER,
    'Bytes of all offline files together, at most; 0: no limit',
  ),
  PART_BYTES: env.integer(
    4_194_304,
    32_768,
    67_108_864,
    'An upload is kept for good in parts of this size: what a broken one sends again at most, bytes',
  ),
  MAX_CONSECUTIVE_BAD_PDUS: env.integer(
    20,
    1,
    1_000_000,
    'A connection is closed after so many PDUs in a row that are unknown or do not parse',
  ),
  ...storageEnv,
};

/** file_server's configuration, nested by what it is for. Times are milliseconds, sizes bytes. */
export interface FileServerConfig extends CommonConfig {
  nats: BusConfig;
  /** undefined: without TLS */
  rpcTls: RpcTls | undefined;
  listen: { host: string; port: number };
  advertise: { ip: string; port: number };
  /** undefined: no TLS */
  tls: TlsFiles | undefined;
  /** Whether connections begin with a PROXY header. */
  proxyProtocol: boolean;
  loginCheck: { proof: 'task' | 'session' | 'address'; timeoutMs: number };
  limits: { connections: number; pduBytes: number; consecutiveBadPdus: number };
  timeouts: { loginMs: number; stallMs: number; idleMs: number; peerGraceMs: number };
  tasks: {
    unfinishedMs: number;
    offlineFileMs: number;
    sweepMs: number;
    partBytes: number;
    quota: { userBytes: number; totalBytes: number; unfinished: number };
  };
  storage: StorageConfig;
}

function nest(values: EnvValues<typeof envSchema>): FileServerConfig {
  return {
    ...commonConfig(values),
    nats: busConfig(values),
    rpcTls: rpcTls(values),
    listen: { host: values.CLIENT_HOST, port: values.CLIENT_PORT },
    advertise: { ip: values.ADVERTISE_IP, port: values.ADVERTISE_PORT },
    tls: tlsFiles(values),
    proxyProtocol: values.PROXY_PROTOCOL === 'v2',
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
      unfinishedMs: values.TASK_MS,
      offlineFileMs: values.OFFLINE_FILE_MS,
      sweepMs: values.SWEEP_MS,
      partBytes: values.PART_BYTES,
      quota: {
        userBytes: values.USER_QUOTA_BYTES,
        totalBytes: values.TOTAL_QUOTA_BYTES,
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
