import { id, line, moment, pathId } from '@teamtalk/administration/fields';
import { appPermissions } from '@teamtalk/rpc/app-permissions';
import { z } from 'zod';
import { define } from './definition.js';

const network = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]);

/** What an app may do. */
const bounds = {
  permissions: z.array(z.enum(appPermissions)).min(1),
  addresses: z
    .array(z.string().max(64))
    .max(100)
    .refine((list) => list.every((each) => network.safeParse(each).success), {
      message: 'each is an address, or a network such as 10.0.0.0/8',
      params: { code: 'wrong-network' },
    })
    .describe('Addresses or networks its calls may come from; empty: from anywhere'),
  user_id: id.nullable().describe('The only user it may act as; null: any'),
  rate: z.number().positive().max(1_000_000).nullable().describe('Calls per second; null: no limit'),
};

const params = z.strictObject({ app_id: pathId });
const issued = z
  .object({ app_id: id, key: z.string().describe('Only in this response') })
  .meta({ id: 'AppKey' });

export const appsApi = define({
  listApps: {
    method: 'get',
    path: '/admin/v1/apps',
    tag: 'Apps',
    summary: 'Systems that can call the HTTP API, including revoked ones',
    access: 'apps:read',
    status: 200,
    reply: z
      .object({
        apps: z.array(
          z.object({
            app_id: id,
            name: z.string(),
            permissions: z.array(z.string()),
            addresses: z.array(z.string()).describe('CIDR; empty: from anywhere'),
            user_id: id.nullable().describe('The only user it may act as; null: any'),
            rate: z.number().nullable().describe('Calls per second; null: no limit'),
            signs: z.boolean().describe('Whether it signs its requests'),
            created_at: moment,
            revoked_at: moment.nullable(),
            disabled: z.boolean().describe('Revoked for a while: its key can be allowed again'),
            key_set_at: moment,
            used_at: moment.nullable().describe('Its last call, to the minute; null: none is known'),
          }),
        ),
      })
      .meta({ id: 'Apps' }),
  },
  createApp: {
    method: 'post',
    path: '/admin/v1/apps',
    tag: 'Apps',
    summary: 'Add a system that can call the HTTP API',
    access: 'apps:write',
    body: z
      .strictObject({
        name: line(1, 64),
        ...bounds,
        signs: z.boolean().describe('Whether it signs its requests instead of sending its key'),
      })
      .meta({ id: 'NewApp' }),
    status: 201,
    reply: issued,
  },
  changeApp: {
    method: 'patch',
    path: '/admin/v1/apps/{app_id}',
    tag: 'Apps',
    summary: 'Change what an app may do',
    access: 'apps:write',
    params,
    body: z.strictObject(bounds).meta({ id: 'AppBounds' }),
    status: 204,
  },
  renewAppKey: {
    method: 'post',
    path: '/admin/v1/apps/{app_id}/key',
    tag: 'Apps',
    summary: 'Give an app a new key',
    description: 'The previous key stops working within seconds. A revoked app can call again.',
    access: 'apps:write',
    params,
    status: 201,
    reply: issued,
  },
  disableApp: {
    method: 'post',
    path: '/admin/v1/apps/{app_id}/disable',
    tag: 'Apps',
    summary: 'Refuse an app’s calls until it is enabled again',
    access: 'apps:write',
    params,
    status: 204,
  },
  enableApp: {
    method: 'post',
    path: '/admin/v1/apps/{app_id}/enable',
    tag: 'Apps',
    summary: 'Accept the calls of a disabled app again',
    access: 'apps:write',
    params,
    status: 204,
  },
  revokeApp: {
    method: 'post',
    path: '/admin/v1/apps/{app_id}/revoke',
    tag: 'Apps',
    summary: 'Revoke an app’s key for good',
    access: 'apps:write',
    params,
    status: 204,
  },
  deleteApp: {
    method: 'delete',
    path: '/admin/v1/apps/{app_id}',
    tag: 'Apps',
    summary: 'Delete an app that is revoked or disabled',
    access: 'apps:write',
    params,
    status: 204,
  },
});
