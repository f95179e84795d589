import { kick, Problem, recordSessionEnd } from '@teamtalk/administration';
import { topics } from '@teamtalk/bus';
import { formatInstance, TeamTalkError } from '@teamtalk/service-kit';
import { z } from 'zod';
import type { Context } from '../context.js';
import { id, pathId } from './fields.js';
import { operation } from './operation.js';

/** Milliseconds a route_server has to respond. */
const queryMs = 2_000;
/** Status value of PresenceReply. */
const onlineStatus = 1;

const presence = z
  .object({
    users: z.array(
      z.object({ user_id: id, online: z.boolean().describe('On a PC: a mobile alone does not count') }),
    ),
  })
  .meta({ id: 'Presence' });

const statistics = z
  .object({
    online_users: z.int().describe('Users with a connection; one at two msg_servers counts twice'),
    connections: z.int(),
    msg_servers: z.array(
      z.object({
        instance: z.string(),
        hostname: z.string(),
        address: z.string().describe('host:port as clients dial it'),
        online_users: z.int(),
        connections: z.int(),
        max_connections: z.int(),
        draining: z.boolean(),
      }),
    ),
  })
  .meta({ id: 'Statistics' });

export const presenceOperations = [
  operation({
    method: 'post',
    path: '/v1/presence/query',
    id: 'queryPresence',
    tag: 'Presence',
    summary: 'Who is online',
    permission: 'presence',
    body: z.strictObject({ user_ids: z.array(id).min(1).max(10_000) }).meta({ id: 'PresenceQuery' }),
    status: 200,
    reply: presence,
    async handle(context, { body: { user_ids: userIds } }) {
      const status = await query(context, userIds);
      const users = userIds.map((userId, i) => ({ user_id: userId, online: status[i] === onlineStatus }));
      return { reply: { users } };
    },
  }),
  operation({
    method: 'post',
    path: '/v1/users/{user_id}/kick',
    id: 'kickUser',
    tag: 'Presence',
    summary: 'End a user’s connections',
    description: 'The clients may log in again; disable the user to prevent that.',
    permission: 'session',
    administration: 'sessions:admin',
    params: z.strictObject({ user_id: pathId }),
    body: z.strictObject({ clients: z.enum(['all', 'pc', 'mobile']).default('all') }).meta({ id: 'Kick' }),
    status: 204,
    sender: (input) => input.params.user_id,
    async handle(context, { params: { user_id }, body: { clients }, actor }) {
      await recordSessionEnd(context, user_id, clients, actor);
      await kick(context, user_id, clients);
      return { reply: undefined };
    },
  }),
  operation({
    method: 'get',
    path: '/v1/statistics',
    id: 'getStatistics',
    tag: 'Presence',
    summary: 'How many are online, and where',
    permission: 'statistics',
    status: 200,
    reply: statistics,
    async handle({ msgServers }) {
      const servers = msgServers.all();
      const sum = (of: (server: (typeof servers)[number]) => number) =>
        servers.reduce((total, server) => total + of(server), 0);
      return {
        reply: {
          online_users: sum((server) => server.onlineUsers),
          connections: sum((server) => server.connections),
          msg_servers: servers.map((server) => ({
            instance: formatInstance(server.instance),
            hostname: server.hostname,
            address: `${server.ip1}:${server.port}`,
            online_users: server.onlineUsers,
            connections: server.connections,
            max_connections: server.maxConnections,
            draining: server.draining,
          })),
        },
      };
    },
  }),
];

async function query({ bus }: Context, userIds: number[]): Promise<number[]> {
  try {
    return (await bus.request(topics.presenceQuery, { userIds }, queryMs)).status;
  } catch (error) {
    if (error instanceof TeamTalkError) throw new Problem('unavailable', 'no route_server answers');
    throw error;
  }
}
