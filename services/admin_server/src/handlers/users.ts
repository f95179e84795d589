import { randomBytes, randomUUID } from 'node:crypto';
import {
  ask,
  changeUser,
  endConnection,
  endConnections,
  findUser,
  listConnections,
  type ShownUser,
  savedId,
  shownUser,
  userFieldsOf,
} from '@teamtalk/administration';
import { administration, type httpApi } from '@teamtalk/rpc';
import type { ApiReply } from '../api/index.js';
import { userStatuses } from '../api/users.js';
import type { Call, Handlers } from './handler.js';

export const users: Handlers<
  | 'findUsers'
  | 'getUser'
  | 'createUser'
  | 'changeUser'
  | 'resetUserPassword'
  | 'leaveUser'
  | 'restoreUser'
  | 'listConnections'
  | 'endConnection'
  | 'endConnections'
> = {
  async findUsers(call, { query }) {
    const { after = 0, limit, text = '', department_id: departmentId = 0 } = query;
    const status = userStatuses.indexOf(query.status);
    const page = await ask(call, administration.findUsers, { after, limit, text, departmentId, status });
    const found = (page.users as httpApi.api.ApiUser[]).map(shownUser).map(toUser);
    return { users: found, next: found.length < limit ? null : (found.at(-1)?.user_id ?? null) };
  },

  getUser: (call, { params }) => findShownUser(call, params.user_id),

  async createUser(call, { body }) {
    const request = {
      fields: userFieldsOf(body),
      // A retried call creates the user only once.
      idempotencyKey: `console ${randomUUID()}`,
    };
    return findShownUser(
      call,
      savedId(await ask(call, administration.createUser, request), 'user', 'name-taken'),
    );
  },

  async changeUser(call, { params: { user_id: userId }, body }) {
    const { expected, ...wanted } = body;
    await changeUser(call, userId, wanted, call.actor, expected);
    return findShownUser(call, userId);
  },

  async resetUserPassword(call, { params: { user_id: userId } }) {
    const password = randomBytes(12).toString('base64url');
    await changeUser(call, userId, { password }, call.actor);
    return { password };
  },

  async leaveUser(call, { params: { user_id: userId } }) {
    await changeUser(call, userId, { disabled: true }, call.actor);
    return findShownUser(call, userId);
  },

  async restoreUser(call, { params: { user_id: userId } }) {
    await changeUser(call, userId, { disabled: false }, call.actor);
    return findShownUser(call, userId);
  },

  async listConnections(call, { params: { user_id: userId } }) {
    await findUser(call, userId);
    const connections = await listConnections(call, userId);
    return { connections: connections.map(({ id, ...shown }) => ({ connection_id: id, ...shown })) };
  },

  async endConnection(call, { params: { user_id: userId, connection_id: connectionId } }) {
    // Whoever may not see the user must not learn whether the connection exists.
    await findUser(call, userId);
    await endConnection(call, userId, connectionId, call.actor);
    return undefined;
  },

  async endConnections(call, { params: { user_id: userId } }) {
    await endConnections(call, userId, call.actor);
    return undefined;
  },
};

export async function findShownUser(call: Call, userId: number): Promise<ApiReply<'getUser'>> {
  return toUser(await findUser(call, userId));
}

function toUser({ disabled, ...shown }: ShownUser): ApiReply<'getUser'> {
  return { ...shown, left: disabled };
}
