import { createTextCodec, DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import { type CallersAllowed, type ConsoleRole, consoleRoles, isConsoleRole } from '@teamtalk/rpc';
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
  secretKeysEnv,
} from '@teamtalk/service-kit';
import { z } from 'zod';
import type { LoginLimit } from './accounts/logins.js';
import { type Argon2Cost, defaultArgon2Cost } from './accounts/passwords/password.js';
import type { DatabaseConfig } from './database/database.js';
import { parseDatabaseUrl } from './database/servers.js';

const postgresUrl = z
  .string()
  .superRefine((text, context) => {
    try {
      parseDatabaseUrl(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  })
  .describe(
    'URL of the PostgreSQL database, postgres://user:password@host:port/name. With standbys it names all servers, separated by commas: postgres://user:password@host:port,host:port/name?target_session_attrs=read-write. `target_session_attrs` is `read-write` (the default with several hosts), `primary`, or `any` (the default with one host)',
  );

const historyUrl = z
  .string()
  .superRefine((text, context) => {
    try {
      if (parseDatabaseUrl(text).attributes === 'any') return;
      context.addIssue({
        code: 'custom',
        message: 'connects to standbys: several hosts need target_session_attrs=any',
      });
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  })
  .optional()
  .describe(
    'URL of a standby, or of several with target_session_attrs=any, that answers reads of history. The primary answers when the standby is unavailable or has not yet replayed the newest message of the conversation. Left out: the primary answers all of them',
  );

const hostAndPort = z
  .string()
  .regex(/^[^\s/]+:\d{1,5}$/, 'must be host:port')
  .optional()
  .describe('host:port at which other services reach this one; by default 127.0.0.1 and the bound port');

/** The variables of db_proxy_server. */
export const envSchema = {
  ...commonEnv(20600),
  ...busEnv,
  ...rpcEnv,
  RPC_CALLERS: env.choice(
    ['named', 'any'],
    'named',
    'Who may call when TLS is on: named = each service only what its certificate allows, by its DNS name (msg-server, http-msg-server, push-server, file-server, admin-server, operator), and a certificate with RPC_SERVER_NAME everything; any = every certificate of RPC_CA_FILE everything',
  ),
  GRPC_HOST: env.string('0.0.0.0', 'Address the gRPC server listens on'),
  GRPC_PORT: env.port(10600, 'Port of the gRPC server'),
  ADVERTISE_ADDRESS: hostAndPort,
  DATABASE_URL: postgresUrl,
  DATABASE_POOL: env.integer(
    10,
    4,
    1_000,
    'Most connections to PostgreSQL, besides those that store messages',
  ),
  HISTORY_DATABASE_URL: historyUrl,
  DIRECT_DELIVERY: env.boolean(
    true,
    'Whether stored messages go to the msg_servers of their receivers directly, and by a route_server only what is in doubt. Takes about 200 bytes of memory for each connected client',
  ),
  COMMIT_LANES: env.integer(
    1,
    1,
    16,
    'Number of transactions that store messages at the same time; more than 1 helps on slow disks',
  ),
  COMMIT_SPACING_MS: env.integer(
    2,
    0,
    100,
    'Shortest time between the starts of two transactions that store messages, ms. After a slow one it is twice the duration of that, but at most four times this value. Less costs CPU in every service, more adds latency under load; 0: no limit',
  ),
  ARGON2_MEMORY_KIB: env.integer(
    defaultArgon2Cost.memoryKib,
    8,
    4_194_304,
    'Memory that one password check takes, KiB. Applies to passwords set from now on, and to cheaper hashes at their next successful login',
  ),
  ARGON2_ITERATIONS: env.integer(
    defaultArgon2Cost.iterations,
    1,
    1_000,
    'Passes over that memory; applies to the same passwords as ARGON2_MEMORY_KIB',
  ),
  LOGIN_MAX_FAILURES: env.integer(
    10,
    1,
    1_000,
    'Failed logins of one name after which it is refused; counted separately for each address its user has logged in from',
  ),
  LOGIN_MAX_NAMES_PER_ADDRESS: env.integer(
    100,
    0,
    10_000,
    'Names with failed logins from one address (IPv6: one /64) after which only users who have logged in from there before may log in; 0: any number, as is needed behind a load balancer without PROXY protocol',
  ),
  LOGIN_FAILURE_WINDOW_SECONDS: env.integer(
    1_800,
    1,
    604_800,
    'Time for which failed logins are counted, seconds',
  ),
  LOGIN_ADDRESS_MEMORY_DAYS: env.integer(
    90,
    1,
    3_650,
    'Days without a login after which an address no longer counts as one the user has logged in from',
  ),
  AUDIT_DAYS: env.integer(730, 30, 36_500, 'Days for which audit events are kept'),
  CONSOLE_SECRETS_KEY: secretKeysEnv(
    'Keys that encrypt the second factors of console accounts, 32 bytes each, in hexadecimal or base64, separated by commas: the first one encrypts, all decrypt; empty: accounts have only a password',
  ),
  CONSOLE_SECOND_FACTOR_ROLES: z
    .string()
    .default('')
    .transform((text) => text.split(/[\s,]+/).filter((role) => role !== ''))
    .refine(
      (roles) => roles.every(isConsoleRole),
      `must be roles, separated by commas: ${consoleRoles.join(', ')}`,
    )
    .describe(
      'Roles of the console, separated by commas, that may do nothing without a second factor, for example owner,administrator; empty: a second factor is optional for everybody',
    ),
  OIDC_ISSUER: env.string(
    '',
    'Issuer of the OpenID Connect provider for signing on at the console, the same as at admin_server; only its users may sign on; empty: nobody can sign on',
  ),
  GROUP_MAX_MEMBERS: env.integer(2_000, 2, 10_000, 'Most members of a group'),
  TEXT_KEY: z
    .string()
    .refine((text) => Buffer.byteLength(text) === 32, 'must have 32 bytes')
    .default(DEFAULT_TEXT_KEY)
    .describe('Key that encrypts message texts, shared with the clients'),
  PUSH_MENTIONS: env.boolean(true, 'Push messages of a muted group to whom they mention: “@name”'),
};

/** The validated configuration of db_proxy_server. */
export interface DbProxyServerConfig extends CommonConfig {
  nats: BusConfig;
  /** undefined: gRPC without TLS */
  rpcTls: RpcTls | undefined;
  rpcCallers: CallersAllowed;
  grpc: { host: string; port: number };
  /** host:port that other services connect to; undefined: this machine and the bound port */
  advertiseAddress: string | undefined;
  database: DatabaseConfig;
  /** a standby that answers reads of history; undefined: none */
  historyDatabase: DatabaseConfig | undefined;
  /** whether stored messages are sent to msg_servers directly */
  directDelivery: boolean;
  /** concurrent transactions that store messages */
  commitPartitions: number;
  /** least time between the starts of two of them in one partition, ms */
  commitSpacingMs: number;
  argon2: Argon2Cost;
  loginLimit: LoginLimit;
  sourceNetworkMemoryDays: number;
  auditDays: number;
  groupMaxMembers: number;
  /** console accounts: keys of their second factors, roles that must have one, and the issuer whose users may sign on */
  console: { secretsKey: string; secondFactorRoles: ConsoleRole[]; issuer: string };
  /** `msg_data` shown in place of an audio message in lists */
  audioPreview: Buffer;
  /** `msg_data` that replaces the messages of erased users */
  erasedText: Buffer;
  /** encrypts message texts, shared with the clients */
  textKey: string;
  /** whether a mention is pushed although its group is muted */
  pushMentions: boolean;
}

function nest(values: EnvValues<typeof envSchema>): DbProxyServerConfig {
  return {
    ...commonConfig(values),
    nats: busConfig(values),
    rpcTls: rpcTls(values),
    rpcCallers: values.RPC_CALLERS,
    grpc: { host: values.GRPC_HOST, port: values.GRPC_PORT },
    advertiseAddress: values.ADVERTISE_ADDRESS,
    database: { url: values.DATABASE_URL, poolSize: values.DATABASE_POOL },
    historyDatabase: values.HISTORY_DATABASE_URL
      ? { url: values.HISTORY_DATABASE_URL, poolSize: values.DATABASE_POOL }
      : undefined,
    directDelivery: values.DIRECT_DELIVERY,
    commitPartitions: values.COMMIT_LANES,
    commitSpacingMs: values.COMMIT_SPACING_MS,
    argon2: { memoryKib: values.ARGON2_MEMORY_KIB, iterations: values.ARGON2_ITERATIONS },
    loginLimit: {
      maxFailures: values.LOGIN_MAX_FAILURES,
      maxNamesPerNetwork: values.LOGIN_MAX_NAMES_PER_ADDRESS,
      windowSeconds: values.LOGIN_FAILURE_WINDOW_SECONDS,
    },
    sourceNetworkMemoryDays: values.LOGIN_ADDRESS_MEMORY_DAYS,
    auditDays: values.AUDIT_DAYS,
    groupMaxMembers: values.GROUP_MAX_MEMBERS,
    console: consoleConfig(values),
    audioPreview: createTextCodec(values.TEXT_KEY).encrypt('[语音]'),
    erasedText: createTextCodec(values.TEXT_KEY).encrypt('[已清除]'),
    textKey: values.TEXT_KEY,
    pushMentions: values.PUSH_MENTIONS,
  };
}

function consoleConfig(values: EnvValues<typeof envSchema>): DbProxyServerConfig['console'] {
  const secretsKey = values.CONSOLE_SECRETS_KEY;
  const secondFactorRoles = values.CONSOLE_SECOND_FACTOR_ROLES.filter(isConsoleRole);
  if (secretsKey === '' && secondFactorRoles.length > 0) {
    throw new ConfigError(['CONSOLE_SECRETS_KEY: is required by CONSOLE_SECOND_FACTOR_ROLES']);
  }
  return { secretsKey, secondFactorRoles, issuer: values.OIDC_ISSUER };
}

/** @throws ConfigError naming every variable that is missing or wrong */
export function loadConfig(env: NodeJS.ProcessEnv): DbProxyServerConfig {
  return nest(readEnv(envSchema, env));
}
