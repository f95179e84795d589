import { setImmediate as turn } from 'node:timers/promises';
import { plainAddress } from '@teamtalk/net';
import {
  Commands,
  decodeBody,
  displacedOf,
  encodePdu,
  IM,
  type MessageOf,
  type PropertiesOf,
} from '@teamtalk/protocol';
import { accounts, nameKey, spanOf, teamtalk } from '@teamtalk/rpc';
import { type Connection, State } from '../../connection/connection.js';
import type { Context } from '../../context.js';
import type { LoginOutcome } from '../../metrics.js';
import { kick } from '../bus/kick-user.js';
import type { Handler } from './handler.js';
import { unixSeconds } from './server-time.js';
import { userInfo } from './user-info.js';

type Request = MessageOf<typeof Commands.LoginReqUserlogin>;
type Answer = PropertiesOf<typeof Commands.LoginResUserlogin>;
type Account = {
  user: teamtalk.db.User.$Properties;
  loginSeq: number;
  isBot: boolean;
  /** `performance.now()` when the check began */
  begun: number;
};
type Refusal = Exclude<LoginOutcome, 'ok' | 'gone'>;

const { ResultType, KickReasonType } = IM.BaseDefine;
const { LoginResult } = teamtalk.db;

/** Milliseconds the check of name and password may take, including its queueing. */
const checkMs = 10_000;

const refusals: Record<Refusal, Pick<Answer, 'resultCode' | 'resultString'>> = {
  // Android recognises a wrong name or password only by code 6 (client-behaviour.md#results-of-a-login).
  'wrong-name-or-password': {
    resultCode: ResultType.REFUSE_REASON_DB_VALIDATE_FAILED,
    resultString: '用户名/密码错误',
  },
  'too-many-attempts': {
    resultCode: ResultType.REFUSE_REASON_DB_VALIDATE_FAILED,
    resultString: '用户名/密码错误次数太多',
  },
  full: { resultCode: ResultType.REFUSE_REASON_MSG_SERVER_FULL, resultString: '服务器连接数已满' },
  draining: { resultCode: ResultType.REFUSE_REASON_MSG_SERVER_FULL, resultString: '服务器正在停止' },
  // Clients try again, and are checked anew.
  'credentials-changed': { resultCode: ResultType.REFUSE_REASON_NO_DB_SERVER, resultString: '服务端异常' },
  'no-db-proxy': { resultCode: ResultType.REFUSE_REASON_NO_DB_SERVER, resultString: '服务端异常' },
  'no-route-server': { resultCode: ResultType.REFUSE_REASON_NO_ROUTE_SERVER, resultString: '服务端异常' },
};

/**
 * 0x0103: logs a user in. The client gets its 0x0104 only after the route_servers know the connection, so that it
 * cannot miss a later message; messages that arrive earlier are written after the 0x0104. An unknown client type makes
 * the body invalid, as in the original server. A second 0x0103 is ignored (client-behaviour.md#one-connection-a-class).
 * Logins are queued by LoginQueue; PDUs the client sends meanwhile wait, up to a limit at which its socket is no longer
 * read.
 */
export function logIn(context: Context): Handler {
  const { config, kit, logins: queue, metrics, users } = context;
  /** Logins being checked, which count towards the limit of connections. */
  let beingChecked = 0;

  const attempt = async (connection: Connection, request: Request, seqNum: number): Promise<LoginOutcome> => {
    // A socket without an address is closed, and a failed login could not be counted against its network.
    if (connection.remoteAddress === '') {
      connection.destroy('connection-lost');
      return 'gone';
    }
    if (kit.health.draining) return 'draining';
    if (users.connectionCount + beingChecked >= config.limits.connections) return 'full';
    let account: Account | Refusal;
    beingChecked++;
    try {
      account = await check(context, connection, request);
    } finally {
      beingChecked--;
    }
    return typeof account === 'string' ? account : enter(context, connection, request, account, seqNum);
  };

  const run = async (connection: Connection, request: Request, seqNum: number): Promise<void> => {
    const outcome = await attempt(connection, request, seqNum);
    metrics.logins.inc({ result: outcome });
    if (outcome === 'gone') return;
    if (outcome === 'ok') {
      connection.finish();
      return;
    }
    connection.write(answer(refusals[outcome], seqNum));
    connection.end('login-failed');
  };

  const { tracing } = kit;
  const runTraced: typeof run = tracing
    ? (...login) => tracing.enter({ name: 'PDU login', kind: 'server' }, () => run(...login))
    : run;

  return (connection, pdu) => {
    if (connection.state !== State.Fresh && !queue.isTurnOf(connection)) return true;
    const request = decodeBody(Commands.LoginReqUserlogin, pdu.body);
    connection.state = State.LoggingIn;
    if (!queue.begin(connection)) return false;
    connection.begin();
    runTraced(connection, request, pdu.seqNum)
      .catch((error: unknown) => {
        kit.log.error({ err: error }, 'login failed unexpectedly; closing connection');
        connection.destroy('login-failed');
      })
      .finally(() => queue.end());
    return true;
  };
}

async function check(
  context: Context,
  connection: Connection,
  { userName, password, clientType }: Request,
): Promise<Account | Refusal> {
  const address = plainAddress(connection.remoteAddress);
  const request = { userName, passwordMd5: password, clientType, address };
  const { clientLog, tracing } = context.kit;
  const begun = performance.now();
  const ask = () => askOverStream(context, request);
  const outcome = await (tracing ? tracing.step(spanOf(accounts.logIn, 'client'), ask) : ask());
  const useUnary = !outcome && !context.loginChecks.available;
  const reply = useUnary ? await askUnary(context, request) : outcome?.reply;
  if (!reply) {
    clientLog.warn(address, { address }, 'login check unavailable');
    return 'no-db-proxy';
  }
  const { result, user, loginSeq, bot } = reply;
  if (result === LoginResult.LOGIN_TOO_MANY_ATTEMPTS) return 'too-many-attempts';
  // Protobuf omits the enum value 0.
  if ((result ?? LoginResult.LOGIN_OK) !== LoginResult.LOGIN_OK || !user) return 'wrong-name-or-password';
  return { user, loginSeq: loginSeq ?? 0, isBot: bot ?? false, begun };
}

type Reply = teamtalk.db.LoginReply.$Properties;

/** @returns undefined when no db_proxy_server offers the stream or none responded */
function askOverStream(
  { loginChecks, kit }: Context,
  request: teamtalk.db.LoginRequest.$Properties & { userName: string },
): Promise<teamtalk.db.LoginEntryResult | undefined> {
  return new Promise((resolve) => {
    const entry = { requestId: 0, request, ...kit.tracing?.carrier() };
    loginChecks.send(entry, nameKey(request.userName), resolve);
  });
}

/** For db_proxy_servers of the previous version, which do not offer the stream. */
async function askUnary(
  { pool, kit }: Context,
  request: teamtalk.db.LoginRequest.$Properties,
): Promise<Reply | undefined> {
  try {
    return await pool.call(accounts.login, request, checkMs);
  } catch (error) {
    kit.log.debug({ err: error }, 'unary login check failed');
    return undefined;
  }
}

/** Registers the session here and with the route_servers, answers the login and kicks replaced connections. */
async function enter(
  { presence, users, changedCredentials, kit }: Context,
  connection: Connection,
  { clientType, clientVersion, onlineStatus }: Request,
  { user, loginSeq, isBot, begun }: Account,
  seqNum: number,
): Promise<LoginOutcome> {
  // After a stall there may be logins of clients that have gone since, with the end of the connection right behind.
  // They must not be accepted: such a login would be newer than the client's next one elsewhere and kick it.
  await turn();
  if (connection.isAbandoned) return 'gone';
  const info = userInfo(user);
  if (changedCredentials.isStale(info.userId, begun)) return 'credentials-changed';
  connection.isBot = isBot;
  connection.logIn(info.userId, clientType, clientVersion ?? '', loginSeq);
  users.add(connection);
  const known = await presence.publishOnline(connection);
  if (!connection.isOpen) return 'gone';
  if (!known) return 'no-route-server';
  connection.release(
    answer(
      { resultCode: ResultType.REFUSE_REASON_NONE, resultString: '', onlineStatus, userInfo: info },
      seqNum,
    ),
  );
  kit.log.debug({ userId: info.userId, clientType, connection: connection.id }, 'logged in');
  kickDuplicates(users.connectionsOf(info.userId), connection);
  if (connection.kickReason !== undefined) kick(connection, connection.kickReason);
  return connection.isOpen ? 'ok' : 'gone';
}

/**
 * Kicks a user's oldest logins in a client class when there are too many. The route_servers do the same across all
 * msg_servers; this saves the round trip on this one.
 */
function kickDuplicates(connections: readonly Connection[], { clientClass }: Connection): void {
  for (const displaced of displacedOf(connections, clientClass)) {
    kick(displaced, KickReasonType.KICK_REASON_DUPLICATE_USER);
  }
}

function answer(result: Omit<Answer, 'serverTime'>, seqNum: number): Buffer {
  return encodePdu(Commands.LoginResUserlogin, { serverTime: unixSeconds(), ...result }, seqNum);
}
