import { NobodyListensError, type teamtalk, topics } from '@teamtalk/bus';
import { isMobileClient } from '@teamtalk/protocol';
import { formatInstance, TeamTalkError } from '@teamtalk/service-kit';
import { z } from 'zod';
import type { Context } from '../context.js';
import { id, moment, momentOf, pathId } from './fields.js';
import { kick, recordSessionEnd } from './kick.js';
import { operation } from './operation.js';
import { Problem } from './problem.js';

/** Milliseconds a route_server, and then the msg_servers, have to respond. */
const queryMs = 1_500;

const clients: Record<number, string> = { 1: 'windows', 2: 'mac', 17: 'ios', 18: 'android' };

const session = z
  .object({
    session_id: z.string(),
    client: z.string().describe('windows, mac, ios or android, as the client says'),
    class: z.enum(['pc', 'mobile']).describe('A user has one connection of each at most'),
    client_version: z.string().describe('As the client says'),
    address: z.string().describe('IP address'),
    since: moment,
  })
  .meta({ id: 'Session' });

const params = z.strictObject({ user_id: pathId });
const one = z.strictObject({
  user_id: pathId,
  session_id: z.string().regex(/^[0-9a-f]{8}-[1-9]\d{0,9}$/, 'is one of the list'),
});

const tag = 'Sessions';
const permission = 'session';
const administration = 'sessions:admin';

export const sessionOperations = [
  operation({
    method: 'get',
    path: '/v1/users/{user_id}/sessions',
    id: 'listSessions',
    tag,
    summary: 'A user’s connections',
    permission,
    administration,
    params,
    status: 200,
    reply: z.object({ user_id: id, sessions: z.array(session) }).meta({ id: 'Sessions' }),
    sender: (input) => input.params.user_id,
    async handle(context, { params: { user_id: userId } }) {
      const servers = await serversOf(context, userId);
      const lists = await Promise.all(
        servers.map(async (server) =>
          (await connectionsAt(context, server, { userId })).map((each) => toSession(server, each)),
        ),
      );
      return { reply: { user_id: userId, sessions: lists.flat() } };
    },
  }),
  operation({
    method: 'delete',
    path: '/v1/users/{user_id}/sessions/{session_id}',
    id: 'endSession',
    tag,
    summary: 'End one of a user’s connections',
    description: 'The client may log in again: change the password, or disable the user, to prevent that.',
    permission,
    administration,
    params: one,
    status: 204,
    sender: (input) => input.params.user_id,
    async handle(context, { params: { user_id: userId, session_id: sessionId }, actor }) {
      const [server, connectionId] = partsOf(sessionId);
      const found = await connectionsAt(context, server, { userId });
      if (!found.some((each) => each.connectionId === connectionId)) {
        throw new Problem('not-found', 'there is no such session of this user');
      }
      await recordSessionEnd(context, userId, sessionId, actor);
      await connectionsAt(context, server, { userId, endIds: [connectionId] });
      return { reply: undefined };
    },
  }),
  operation({
    method: 'delete',
    path: '/v1/users/{user_id}/sessions',
    id: 'endSessions',
    tag,
    summary: 'End all of a user’s connections',
    permission,
    administration,
    params,
    status: 204,
    sender: (input) => input.params.user_id,
    async handle(context, { params: { user_id: userId }, actor }) {
      await recordSessionEnd(context, userId, 'all', actor);
      await kick(context, userId, 'all');
      return { reply: undefined };
    },
  }),
];

/** The msg_servers at which a user is connected. */
async function serversOf({ bus }: Context, userId: number): Promise<number[]> {
  try {
    const { sessions } = await bus.request(topics.sessionsQuery, { userIds: [userId] }, queryMs);
    return [...new Set((sessions as teamtalk.bus.Session[]).map(({ node }) => node))];
  } catch (error) {
    if (error instanceof TeamTalkError) throw new Problem('unavailable', 'no route_server answers');
    throw error;
  }
}

/** The connections a user has at a msg_server, including those the query ends. None when the msg_server is gone. */
async function connectionsAt(
  { bus, msgServers }: Context,
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
    throw new Problem('unavailable', 'a msg_server does not answer, or is of a version before');
  }
}

function toSession(server: number, connection: teamtalk.bus.ClientConnection): z.output<typeof session> {
  const { connectionId, clientType, clientVersion, address, since } = connection;
  return {
    session_id: `${formatInstance(server)}-${connectionId}`,
    client: clients[clientType] ?? String(clientType),
    class: isMobileClient(clientType) ? 'mobile' : 'pc',
    client_version: clientVersion,
    address,
    since: momentOf(since),
  };
}

/** The msg_server and the connection in a session's id. */
function partsOf(sessionId: string): [server: number, connectionId: number] {
  const [server = '', connectionId] = sessionId.split('-');
  return [Number.parseInt(server, 16), Number(connectionId)];
}
