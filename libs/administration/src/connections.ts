import { NobodyListensError, type teamtalk, topics } from '@teamtalk/bus';
import { type ClientClass, clientClassOf } from '@teamtalk/protocol';
import { formatInstance, TeamTalkError } from '@teamtalk/service-kit';
import type { Actor } from './actor.js';
import type { Backend } from './backend.js';
import { momentOf } from './fields.js';
import { kick, recordSessionEnd } from './kick.js';
import { Problem } from './problem.js';

/** A user's connection as the APIs show it. */
export interface ShownConnection {
  /** matches `connectionIdPattern` */
  id: string;
  /** windows, mac, ios or android, as reported by the client */
  client: string;
  class: ClientClass;
  client_version: string;
  /** IP address */
  address: string;
  /** RFC 3339 */
  since: string;
}

/** Milliseconds a route_server, and then the msg_servers, have to respond. */
const queryMs = 1_500;

const clients: Record<number, string> = { 1: 'windows', 2: 'mac', 17: 'ios', 18: 'android' };

/** @throws Problem `unavailable` when a server does not respond */
export async function listConnections(backend: Backend, userId: number): Promise<ShownConnection[]> {
  const servers = await serversOf(backend, userId);
  const lists = await Promise.all(
    servers.map(async (server) =>
      (await connectionsAt(backend, server, { userId })).map((each) => shown(server, each)),
    ),
  );
  return lists.flat();
}

/**
 * Ends one of a user's connections; the client may log in again.
 * @throws Problem `not-found`, or `unavailable` when a server does not respond or the audit record cannot be written
 */
export async function endConnection(
  backend: Backend,
  userId: number,
  id: string,
  actor: Actor,
): Promise<void> {
  const [server, connectionId] = partsOf(id);
  const found = await connectionsAt(backend, server, { userId });
  if (!found.some((each) => each.connectionId === connectionId)) {
    throw new Problem('not-found', 'the user has no such session');
  }
  await recordSessionEnd(backend, userId, id, actor);
  await connectionsAt(backend, server, { userId, endIds: [connectionId] });
}

/** Ends all of a user's connections; succeeds even if there are none. @throws Problem as `endConnection` */
export async function endConnections(backend: Backend, userId: number, actor: Actor): Promise<void> {
  await recordSessionEnd(backend, userId, 'all', actor);
  await kick(backend, userId, 'all');
}

/** The msg_servers at which a user is connected. */
async function serversOf({ bus }: Backend, userId: number): Promise<number[]> {
  try {
    const { sessions } = await bus.request(topics.sessionsQuery, { userIds: [userId] }, queryMs);
    return [...new Set((sessions as teamtalk.bus.Session[]).map(({ node }) => node))];
  } catch (error) {
    if (error instanceof TeamTalkError) throw new Problem('unavailable', 'no route_server responds');
    throw error;
  }
}

/** A user's connections at a msg_server, including those the query ends; empty when the msg_server is gone. */
async function connectionsAt(
  { bus, msgServers }: Backend,
  server: number,
  query: teamtalk.bus.ConnectionsQuery.$Properties,
): Promise<teamtalk.bus.ClientConnection[]> {
  try {
    const { connections } = await bus.request(topics.connections(server), query, queryMs);
    return connections as teamtalk.bus.ClientConnection[];
  } catch (error) {
    if (!(error instanceof TeamTalkError)) throw error;
    const isGone = !msgServers.all().some(({ instance }) => instance === server);
    if (error instanceof NobodyListensError && isGone) return [];
    throw new Problem('unavailable', 'a msg_server does not respond, or runs the previous version');
  }
}

function shown(server: number, connection: teamtalk.bus.ClientConnection): ShownConnection {
  const { connectionId, clientType, clientVersion, address, since, bot } = connection;
  return {
    id: `${formatInstance(server)}-${connectionId}`,
    client: clients[clientType] ?? String(clientType),
    class: clientClassOf(clientType, clientVersion, bot),
    client_version: clientVersion,
    address,
    since: momentOf(since),
  };
}

/** Splits an id into its msg_server and its connection. */
function partsOf(id: string): [server: number, connectionId: number] {
  const [server = '', connectionId] = id.split('-');
  return [Number.parseInt(server, 16), Number(connectionId)];
}
