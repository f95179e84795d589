import { ask, Problem, pushOutcomes, shownDevice, shownPush } from '@teamtalk/administration';
import { administration, httpApi } from '@teamtalk/rpc';
import { z } from 'zod';
import { id, line, moment, pathId } from './fields.js';
import { operation } from './operation.js';

const providers = [
  'apns',
  'fcm',
  'hms',
  'honor',
  'xiaomi',
  'oppo',
  'vivo',
  'webpush',
  'unifiedpush',
] as const;

const deviceId = z.int().min(1).max(Number.MAX_SAFE_INTEGER);

const app = 'Bundle id or package name; empty: the installation’s';
const locale = 'BCP 47 language of phrases in notifications; empty: Chinese';
const timeZone = 'Time zone of the do-not-disturb hours; empty: the installation’s';

const newDevice = z
  .strictObject({
    provider: z.enum(providers),
    token: line(1, 4_096).describe(
      'As the provider’s library returns it; for Web Push and UnifiedPush the subscription as JSON',
    ),
    app: line(0, 255).default('').describe(app),
    locale: z
      .string()
      .regex(/^([A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,3})?$/, 'must be a language such as zh-Hans-CN')
      .default('')
      .describe(locale),
    time_zone: z
      .string()
      .regex(/^[\w+/-]{0,64}$/, 'must be a name such as Asia/Shanghai')
      .default('')
      .describe(timeZone),
  })
  .meta({ id: 'NewDevice' });

const device = z
  .object({
    device_id: deviceId,
    provider: z.string().describe('android: the installation’s default for Android'),
    app: z.string().describe(app),
    token_end: z.string().describe('The last characters of its token'),
    locale: z.string().describe(locale),
    time_zone: z.string().describe(timeZone),
    client_version: z.string().describe('If the client registered the token itself'),
    seen_at: moment.describe('When its token was last registered'),
    failure: z
      .string()
      .nullable()
      .describe('Why it gets no pushes until its token is registered again; null: it works'),
  })
  .meta({ id: 'Device' });

const push = z
  .object({
    at: moment.describe('When it was decided; for a waiting push, when it will be tried'),
    provider: z.string(),
    peer_id: id.optional().describe('The other user of the conversation'),
    group_id: id.optional(),
    msg_id: id.describe('The newest message it was for'),
    outcome: z.enum(pushOutcomes),
    reason: z
      .string()
      .describe('The provider’s id if it accepted the push; otherwise the reason, or the provider’s error'),
    attempts: z.int(),
  })
  .meta({ id: 'Push' });

const params = z.strictObject({ user_id: pathId });
const one = z.strictObject({
  user_id: pathId,
  device_id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
});

const tag = 'Devices';
const permission = 'device';
const admin = 'devices:admin';
const noUser = 'there is no such user, or they have left';

export const deviceOperations = [
  operation({
    method: 'get',
    path: '/v1/users/{user_id}/devices',
    id: 'listDevices',
    tag,
    summary: 'List a user’s devices that get pushes, most recently seen first',
    permission,
    administration: admin,
    params,
    status: 200,
    reply: z.object({ user_id: id, devices: z.array(device) }).meta({ id: 'Devices' }),
    sender: (input) => input.params.user_id,
    async handle(context, { params: { user_id: userId } }) {
      const { found, devices } = await ask(context, administration.listDevices, { userId });
      if (!found) throw new Problem('not-found', noUser);
      return { reply: { user_id: userId, devices: (devices as httpApi.api.Device[]).map(shownDevice) } };
    },
  }),
  operation({
    method: 'post',
    path: '/v1/users/{user_id}/devices',
    id: 'registerDevice',
    tag,
    summary: 'Register a user’s device',
    description:
      'A token registered for another user is moved at once. Registering a token again updates its device, any number of times. The 20 most recently seen devices are kept.',
    permission,
    administration: admin,
    params,
    body: newDevice,
    status: 201,
    reply: z.object({ device_id: deviceId }).meta({ id: 'RegisteredDevice' }),
    sender: (input) => input.params.user_id,
    async handle(context, { params: { user_id: userId }, body, actor }) {
      const { time_zone, ...fields } = body;
      const saved = await ask(context, administration.registerDevice, {
        userId,
        ...fields,
        timeZone: time_zone,
        actor,
      });
      requireSaved(saved, noUser);
      return {
        reply: { device_id: saved.deviceId },
        location: `/v1/users/${userId}/devices/${saved.deviceId}`,
      };
    },
  }),
  operation({
    method: 'delete',
    path: '/v1/users/{user_id}/devices/{device_id}',
    id: 'removeDevice',
    tag,
    summary: 'Remove a device, which then gets no more pushes',
    permission,
    administration: admin,
    params: one,
    status: 204,
    sender: (input) => input.params.user_id,
    async handle(context, { params: { user_id: userId, device_id }, actor }) {
      const removed = await ask(context, administration.removeDevice, { userId, deviceId: device_id, actor });
      requireSaved(removed, 'the user has no such device');
      return { reply: undefined };
    },
  }),
  operation({
    method: 'get',
    path: '/v1/users/{user_id}/pushes',
    id: 'listPushes',
    tag,
    summary: 'Show why a user’s phone rang or did not',
    description:
      'Outcomes of the pushes of the last seven days, and waiting pushes: the latest 1,000, newest first. Messages that the user sent, or read before the push was due, have no push.',
    permission,
    administration: admin,
    params,
    status: 200,
    reply: z.object({ user_id: id, pushes: z.array(push) }).meta({ id: 'Pushes' }),
    sender: (input) => input.params.user_id,
    async handle(context, { params: { user_id: userId } }) {
      const { found, pushes } = await ask(context, administration.listPushes, { userId });
      if (!found) throw new Problem('not-found', noUser);
      return { reply: { user_id: userId, pushes: (pushes as httpApi.api.PushDecision[]).map(shownPush) } };
    },
  }),
];

function requireSaved({ result }: Pick<httpApi.api.DeviceReply, 'result'>, otherwise: string): void {
  if (result !== httpApi.api.SaveResult.SAVED) throw new Problem('not-found', otherwise);
}
