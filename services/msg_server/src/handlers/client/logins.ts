import { NobodyListensError, type teamtalk, topics } from '@teamtalk/bus';
import { Commands, clientClassOf, encodePdu, type IM } from '@teamtalk/protocol';
import { accounts } from '@teamtalk/rpc';
import { formatInstance } from '@teamtalk/service-kit';
import type { Connection } from '../../connection/connection.js';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';
import { type Handler, queryMs, request, resultOk, resultRefused } from './handler.js';

type LoginInfo = IM.BaseDefine.LoginInfo.$Properties;

/** A user's connection and its msg_server. */
interface Login {
  server: number;
  connection: teamtalk.bus.ClientConnection;
}

/** How long a route_server, and then the msg_servers, may take to respond, milliseconds. */
const partMs = 1_500;
/** The most logins that one request can end by id. */
const maxEnded = 50;

const label = commandLabel(Commands.ExtEndLoginsReq.id);

/** 0x0803: lists the user's logins of all client types (client-behaviour.md#logging-out-elsewhere). */
export function listLogins(context: Context): Handler {
  return request(context, Commands.ExtListLoginsReq, async (connection, _message, seqNum) => {
    const logins = await loginsOf(context, connection.userId);
    const loginList = logins.map((each) => shown(context, connection, each));
    return [encodePdu(Commands.ExtListLoginsRsp, { loginList }, seqNum)];
  });
}

/**
 * 0x0805: ends other logins of the user by id, or all others and the pushes to devices that are not connected
 * (client-behaviour.md#logging-out-elsewhere).
 */
export function endLogins(context: Context): Handler {
  const { metrics, pool } = context;
  const end = async (connection: Connection, ids: readonly string[]): Promise<boolean> => {
    const { userId } = connection;
    const isAll = ids.length === 0;
    const others = (await loginsOf(context, userId)).filter((each) => !isOwn(context, connection, each));
    const wanted = new Set(ids);
    const ended = isAll ? others : others.filter((each) => wanted.has(idOf(each)));
    if (ids.length > maxEnded || ended.length < wanted.size) return false;
    await Promise.all(
      [...new Set(ended.map(({ server }) => server))].map((server) => {
        const there = ended.filter((each) => each.server === server);
        const endIds = there.map(({ connection: { connectionId } }) => connectionId);
        return context.bus.request(topics.connections(server), { userId, endIds, logOut: true }, queryMs);
      }),
    );
    if (isAll) {
      const request = { userId, keptDeviceId: connection.pushDevice };
      await pool.call(accounts.forgetPushDevices, request, queryMs);
    }
    return true;
  };

  const list = { field: 1, isNumbers: false, max: maxEnded + 1 };
  return request(
    context,
    Commands.ExtEndLoginsReq,
    async (connection, { loginIdList }, seqNum) => {
      const done = await end(connection, loginIdList ?? []);
      if (!done) metrics.refused.inc({ command: label });
      return [encodePdu(Commands.ExtEndLoginsRsp, { resultCode: done ? resultOk : resultRefused }, seqNum)];
    },
    { list },
  );
}

/** The user's logins, oldest first. @throws TeamTalkError when a server does not respond */
async function loginsOf({ bus }: Context, userId: number): Promise<Login[]> {
  const { sessions } = await bus.request(topics.sessionsQuery, { userIds: [userId] }, partMs);
  const servers = [...new Set((sessions as teamtalk.bus.Session[]).map(({ node }) => node))];
  const lists = await Promise.all(servers.map((server) => loginsAt(bus, server, userId)));
  return lists.flat().sort((a, b) => a.connection.since - b.connection.since);
}

async function loginsAt(bus: Context['bus'], server: number, userId: number): Promise<Login[]> {
  try {
    const { connections } = await bus.request(topics.connections(server), { userId }, partMs);
    return (connections as teamtalk.bus.ClientConnection[]).map((connection) => ({ server, connection }));
  } catch (error) {
    // The msg_server has died with its connections, and the route_servers have not noticed yet.
    if (error instanceof NobodyListensError) return [];
    throw error;
  }
}

function idOf({ server, connection }: Login): string {
  return `${formatInstance(server)}-${connection.connectionId}`;
}

function isOwn({ kit }: Context, own: Connection, { server, connection }: Login): boolean {
  return server === kit.instance && connection.connectionId === own.id;
}

function shown(context: Context, own: Connection, login: Login): LoginInfo {
  const { clientType, clientVersion, address, since, bot } = login.connection;
  return {
    loginId: idOf(login),
    isOwn: isOwn(context, own, login),
    clientType,
    clientClass: clientClassOf(clientType, clientVersion, bot),
    clientVersion,
    address,
    since,
  };
}
