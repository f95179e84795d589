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
});
