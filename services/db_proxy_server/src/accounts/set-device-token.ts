import { isKnownClientType, isMobileClient } from '@teamtalk/protocol';
import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { isStorableText } from '../database/text.js';

/** Longest device token, characters; APNs and FCM tokens have some 200. */
const maxTokenLength = 4_096;

/**
 * Sets the push token of a user's mobile client (0x0108; client-behaviour.md#device-token), one for each mobile client
 * type. An empty token removes it and succeeds only if there was one. Other client types and tokens that are too long
 * are refused.
 */
export function setDeviceToken({
  userSettings,
}: Context): (request: teamtalk.db.DeviceTokenRequest) => Promise<teamtalk.db.ChangeReply.$Properties> {
  return async ({ userId, clientType, deviceToken }) => {
    if (!isKnownClientType(clientType) || !isMobileClient(clientType)) return { done: false };
    if (!isStorableText(deviceToken, maxTokenLength)) return { done: false };
    return {
      done: await (deviceToken === ''
        ? userSettings.forgetDeviceToken(userId, clientType)
        : userSettings.setDeviceToken(userId, clientType, deviceToken)),
    };
  };
}
