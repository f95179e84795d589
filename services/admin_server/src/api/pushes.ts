import { id, moment, pathId, pushOutcomes } from '@teamtalk/administration/fields';
import { z } from 'zod';
import { define } from './definition.js';

const device = z
  .object({
    device_id: z.int(),
    provider: z.string(),
    app: z.string().describe('Bundle id or package; empty: that of the installation'),
    token_end: z.string().describe('The last characters of its token'),
    locale: z.string(),
    time_zone: z.string(),
    client_version: z.string(),
    seen_at: moment.describe('When its token was last sent'),
    failure: z.string().nullable().describe('Why nothing can be pushed to it; null: it works'),
  })
  .meta({ id: 'Device' });

const push = z
  .object({
    at: moment.describe('When it was decided; for a waiting push, when it is tried'),
    provider: z.string(),
    peer_id: id.optional().describe('The other user of the conversation'),
    group_id: id.optional(),
    msg_id: id.describe('The newest message that it announced'),
    outcome: z.enum(pushOutcomes),
    reason: z.string(),
    attempts: z.int(),
  })
  .meta({ id: 'Push' });

/** Providers whose credentials can be stored, with the parts of each that are not secret. */
export const credentialParts = {
  apns: ['keyId', 'teamId', 'topic'],
  fcm: [],
  hms: ['clientId', 'projectId'],
  honor: ['appId', 'clientId'],
  xiaomi: ['package', 'channelId'],
  oppo: ['appKey', 'channelId'],
  vivo: ['appId', 'appKey'],
  webpush: ['subject'],
} as const;

export type CredentialProvider = keyof typeof credentialParts;

export const credentialProviders = Object.keys(credentialParts) as CredentialProvider[];

/** Parts without which a credential works, too. */
export const optionalParts: readonly string[] = ['projectId', 'package', 'channelId'];

const provider = z.enum(credentialProviders);

const params = z.strictObject({ user_id: pathId });
const tag = 'Push';

export const pushesApi = define({
  listDevices: {
    method: 'get',
    path: '/admin/v1/users/{user_id}/devices',
    tag,
    summary: 'A user’s devices for push',
    access: 'pushes:read',
    params,
    status: 200,
    reply: z.object({ devices: z.array(device) }).meta({ id: 'Devices' }),
  },
  listPushes: {
    method: 'get',
    path: '/admin/v1/users/{user_id}/pushes',
    tag,
    summary: 'Why a user’s phone rang or did not ring',
    description: 'The newest 1,000 of the last seven days, newest first.',
    access: 'pushes:read',
    params,
    status: 200,
    reply: z.object({ pushes: z.array(push) }).meta({ id: 'Pushes' }),
  },
  getPushProviders: {
    method: 'get',
    path: '/admin/v1/push/providers',
    tag,
    summary: 'Stored credentials of push providers, without what is secret, and the number of devices',
    access: 'pushes:providers',
    status: 200,
    reply: z
      .object({
        credentials: z.array(
          z.object({
            provider: z.string(),
            description: z.string().describe('Its parts that are not secret'),
            key_id: z.string().describe('Of the key that encrypted it'),
            changed_at: moment,
          }),
        ),
        devices: z.array(
          z.object({
            provider: z.string(),
            devices: z.int(),
            failing: z.int().describe('Of these, devices that get nothing'),
          }),
        ),
      })
      .meta({ id: 'PushProviders' }),
  },
  setPushCredential: {
    method: 'post',
    path: '/admin/v1/push/providers/{provider}/credential',
    tag,
    summary: 'Store the credential of a push provider, in place of the former one',
    description: 'push_server checks and encrypts it; push_servers use it within seconds.',
    access: 'pushes:write',
    params: z.strictObject({ provider }),
    body: z
      .strictObject({
        secret: z.string().min(1).max(16_384),
        parts: z.record(z.string().max(32), z.string().trim().max(256)).describe('Such as `keyId`'),
      })
      .meta({ id: 'NewPushCredential' }),
    status: 200,
    reply: z.object({ description: z.string() }).meta({ id: 'StoredPushCredential' }),
  },
  removePushCredential: {
    method: 'delete',
    path: '/admin/v1/push/providers/{provider}/credential',
    tag,
    summary: 'Remove the stored credential of a push provider',
    description: 'push_servers fall back to the one in their variables.',
    access: 'pushes:write',
    params: z.strictObject({ provider }),
    status: 204,
  },
  rotatePushCredentials: {
    method: 'post',
    path: '/admin/v1/push/providers/rotate',
    tag,
    summary: 'Encrypt all stored credentials with the first key of push_server',
    access: 'pushes:write',
    status: 200,
    reply: z
      .object({ providers: z.array(z.string()).describe('Those whose credentials had another key before') })
      .meta({ id: 'RotatedPushCredentials' }),
  },
  testDevice: {
    method: 'post',
    path: '/admin/v1/users/{user_id}/devices/{device_id}/test',
    tag,
    summary: 'Send a test push to a device, and wait for what its provider says',
    access: 'pushes:test',
    params: z.strictObject({ user_id: pathId, device_id: z.coerce.number().int().positive() }),
    status: 200,
    reply: z
      .object({
        outcome: z.string().describe('accepted, refused, gone, retry, blocked, unsupported or no-provider'),
        reason: z.string().describe('What the provider said; of an accepted push its id there'),
      })
      .meta({ id: 'PushTest' }),
  },
});
