import { isKnownClientType, isMobileClient } from '@teamtalk/protocol';
import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { isStorableText } from '../database/text.js';

/** Longest token of a device, characters; those of APNs and FCM have some 200. */
const maxTokenLength = 4_096;

/**
 * Where push reaches a user's mobile client (0x0108; client-behaviour.md#device-token): one token for each mobile
 * client type. An empty one forgets it; that is done when there was one. Not done: other client types, and
 * tokens that are too long.
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
