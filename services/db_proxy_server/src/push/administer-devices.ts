import { type administration, type Handlers, httpApi } from '@teamtalk/rpc';
import { actorOf } from '../actor.js';
import type { Context } from '../context.js';

const { SAVED, SAVE_NOT_FOUND } = httpApi.api.SaveResult;

/** Handlers for users' devices and the pushes to them: /v1/users/{user_id}/devices and /pushes. */
export function administerDevices({ deviceRegistrations }: Context) {
  return {
    async listDevices({ userId }) {
      const devices = await deviceRegistrations.list(userId);
      if (!devices) return { found: false };
      return {
        found: true,
        devices: devices.map(({ id, token, seenAt, failure, ...rest }) => ({
          ...rest,
          deviceId: id,
          tokenEnd: token,
          seenAt: seenAt.getTime() / 1_000,
          failure: failure ?? '',
        })),
      };
    },

    async registerDevice({ userId, provider, token, app, locale, timeZone, actor }) {
      const fields = { provider, token, app, locale, timeZone };
      const outcome = await deviceRegistrations.register(userId, fields, actorOf(actor));
      return outcome.result === 'saved'
        ? { result: SAVED, deviceId: outcome.id }
        : { result: SAVE_NOT_FOUND };
    },

    async removeDevice({ userId, deviceId, actor }) {
      const { result } = await deviceRegistrations.remove(userId, deviceId, actorOf(actor));
      return { result: result === 'saved' ? SAVED : SAVE_NOT_FOUND };
    },

    async listPushes({ userId }) {
      const decisions = await deviceRegistrations.decisions(userId);
      if (!decisions) return { found: false };
      return {
        found: true,
        pushes: decisions.map(({ at, conversation, ...rest }) => {
          const [kind, id] = conversation.split(' ');
          return {
            ...rest,
            at: at.getTime() / 1_000,
            ...(kind === 'group' ? { groupId: Number(id) } : { peerId: Number(id) }),
          };
        }),
      };
    },
  } satisfies Partial<Handlers<typeof administration>>;
}
