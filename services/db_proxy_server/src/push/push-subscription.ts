import type { Handlers, accounts as service } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Context } from '../context.js';

/** Longest subscription, characters; browsers’ have about 400. */
const maxLength = 4_096;

/**
 * Sets the Web Push subscription of a web session's browser (0x0801; client-behaviour.md#web-push-of-a-page). A subscription
 * belongs to one user, so any former user loses it.
 */
export function setPushSubscription({
  deviceRegistrations,
}: Pick<Context, 'deviceRegistrations'>): Handlers<typeof service>['setPushSubscription'] {
  return async ({ userId, subscription, locale, timeZone, formerDeviceId }) => {
    let deviceId = 0;
    if (subscription !== '') {
      if (subscription.length > maxLength) return { done: false };
      const fields = { provider: 'webpush', token: subscription, app: '', locale, timeZone };
      try {
        const saved = await deviceRegistrations.register(userId, fields, undefined);
        if (saved.result !== 'saved') return { done: false };
        deviceId = saved.id;
      } catch (error) {
        if (error instanceof TeamTalkError && error.code === 'invalid-argument') return { done: false };
        throw error;
      }
    }
    if (formerDeviceId > 0 && formerDeviceId !== deviceId) {
      await deviceRegistrations.remove(userId, formerDeviceId, undefined);
    }
    return { done: true, deviceId };
  };
}
