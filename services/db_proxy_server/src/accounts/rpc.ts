import { isKnownClientType, isMobileClient } from '@teamtalk/protocol';
import type { Handlers, accounts as service } from '@teamtalk/rpc';
import { coalesce, TeamTalkError } from '@teamtalk/service-kit';
import type { Context } from '../context.js';
import { isSwitch } from '../database/switch.js';
import { isStorableText } from '../database/text.js';
import { setPushSubscription } from '../push/push-subscription.js';
import type { ClientBuild } from './client-builds.js';
import { logIn } from './log-in.js';
import { login } from './login.js';
import { toUser } from './user-rows.js';
import { maxAvatarLength } from './user-settings.js';

/** Most ids in one request. */
const maxIds = 5_000;
/** Longest signature, characters (client-behaviour.md#avatars-and-signatures). */
const maxSignatureLength = 128;
/** Most client types and versions in one request. */
const maxCounted = 1_000;
/** Longest device token, characters; APNs and FCM tokens have some 200. */
const maxTokenLength = 4_096;

/** The gRPC service Accounts. Changes reply whether they were made; what is too long or out of range is refused. */
export function accountsRpc(context: Context): Handlers<typeof service> {
  const { clientBuilds, departments, deviceRegistrations, kit, pushDevices, userSettings, users } = context;
  const checkLogin = login(context);
  const userChanges = coalesce((since) => users.changes(since));
  const departmentChanges = coalesce((since) => departments.changes(since));

  return {
    logIn: logIn(kit, checkLogin),
    login: checkLogin,

    /** Users changed since a moment (0x0208; client-behaviour.md#lists-since-a-time). */
    async listUsers({ updatedSince, knownEtag }) {
      if (knownEtag && (await users.isUnchanged(knownEtag))) return { unchanged: true };
      const { rows, watermark, etag } = await userChanges(updatedSince);
      return { users: rows.map(toUser), latestUpdateTime: watermark, etag };
    },

    /** Users by id (0x0204) or by login name. Unknown users are left out. */
    async getUsers({ userIds, userName }) {
      if (userIds.length > maxIds) {
        throw new TeamTalkError('invalid-argument', `at most ${maxIds} users can be asked for at once`);
      }
      const rows = userIds.length > 0 ? await users.byIds(userIds) : [];
      if (userName !== '' && !userName.includes('\0')) {
        const row = await users.byName(userName);
        if (row) rows.push(row);
      }
      return { users: rows.map(toUser) };
    },

    /** Departments changed since a moment (0x0210; client-behaviour.md#lists-since-a-time). */
    async listDepartments({ updatedSince, knownEtag }) {
      if (knownEtag && (await departments.isUnchanged(knownEtag))) return { unchanged: true };
      const { rows, watermark, etag } = await departmentChanges(updatedSince);
      return {
        departments: rows.map((row) => ({
          deptId: row.id,
          priority: row.priority,
          deptName: row.name,
          parentDeptId: row.parent_id,
          deptStatus: row.status,
        })),
        latestUpdateTime: watermark,
        etag,
      };
    },

    /** 0x020c (client-behaviour.md#avatars-and-signatures); an empty URL removes the avatar. */
    async changeAvatar({ userId, avatarUrl }) {
      return {
        done: isStorableText(avatarUrl, maxAvatarLength) && (await userSettings.setAvatar(userId, avatarUrl)),
      };
    },

    /** 0x0213; an empty text removes the signature. */
    async changeSignature({ userId, signInfo }) {
      return {
        done:
          isStorableText(signInfo, maxSignatureLength) && (await userSettings.setSignature(userId, signInfo)),
      };
    },

    /**
     * The push token of a user's mobile client (0x0108; client-behaviour.md#device-token), one for each mobile client type;
     * other types are refused. An empty token removes it and succeeds only if there was one.
     */
    async setDeviceToken({ userId, clientType, deviceToken, clientVersion }) {
      if (!isKnownClientType(clientType) || !isMobileClient(clientType)) return { done: false };
      if (!isStorableText(deviceToken, maxTokenLength)) return { done: false };
      if (deviceToken === '') return { done: await pushDevices.forget(userId, clientType) };
      const device = await pushDevices.set(userId, clientType, deviceToken, clientVersion);
      return { done: device !== undefined, unusable: device?.usable === false };
    },

    setPushSubscription: setPushSubscription(context),

    /** For a user who has logged out everywhere except at one device (0x0805). */
    async forgetPushDevices({ userId, keptDeviceId }) {
      await deviceRegistrations.forgetOthers(userId, keptDeviceId);
      return { done: true };
    },

    /** The do-not-disturb switch (0x010c; client-behaviour.md#do-not-disturb). */
    async setPushShield({ userId, shieldStatus }) {
      return {
        done: isSwitch(shieldStatus) && (await userSettings.setPushShield(userId, shieldStatus === 1)),
      };
    },

    /** 0x010e; off for unknown users. */
    async getPushShield({ userId }) {
      return { shieldStatus: (await userSettings.pushShield(userId)) ? 1 : 0 };
    },

    async recordClients({ clients }) {
      if (clients.length > maxCounted) {
        throw new TeamTalkError('invalid-argument', `at most ${maxCounted} clients can be recorded at once`);
      }
      await clientBuilds.add(clients as ClientBuild[]);
      return { done: true };
    },
  };
}
