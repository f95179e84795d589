import {
  connectionIdPattern,
  endConnection,
  endConnections,
  listConnections,
} from '@teamtalk/administration';
import { z } from 'zod';
import { id, moment, pathId } from './fields.js';
import { operation } from './operation.js';

const session = z
  .object({
    session_id: z.string(),
    client: z.string().describe('windows, mac, ios or android, as the client says'),
    class: z
      .enum(['pc', 'mobile', 'web', 'bot'])
      .describe('A person can have one pc, one mobile and five web connections; a bot twenty of class bot'),
    client_version: z.string().describe('As the client says'),
    address: z.string().describe('IP address'),
    since: moment,
  })
  .meta({ id: 'Session' });

const params = z.strictObject({ user_id: pathId });
const one = z.strictObject({
  user_id: pathId,
  session_id: z.string().regex(connectionIdPattern, 'must be an id from the list'),
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
      const connections = await listConnections(context, userId);
      const sessions = connections.map(({ id: session_id, ...shown }) => ({ session_id, ...shown }));
      return { reply: { user_id: userId, sessions } };
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
      await endConnection(context, userId, sessionId, actor);
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
      await endConnections(context, userId, actor);
      return { reply: undefined };
    },
  }),
];
