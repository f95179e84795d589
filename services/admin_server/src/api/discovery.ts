import { id, line, pathId, webUrl } from '@teamtalk/administration/fields';
import { z } from 'zod';
import { define } from './definition.js';
import { expectedOf, priority, readText } from './fields.js';

const fields = {
  name: line(1, 64),
  url: webUrl,
  priority: priority.describe('Larger numbers are shown first'),
};

const params = z.strictObject({ item_id: pathId });
const saved = z.object({ item_id: id }).meta({ id: 'SavedDiscoveryItem' });
const tag = 'Discovery';

export const discoveryApi = define({
  listDiscovery: {
    method: 'get',
    path: '/admin/v1/discovery',
    tag,
    summary: 'The pages behind the clients’ discovery button',
    access: 'discovery:read',
    status: 200,
    reply: z.object({ items: z.array(z.object({ item_id: id, ...fields, url: z.string() })) }).meta({
      id: 'DiscoveryItems',
    }),
  },
  createDiscovery: {
    method: 'post',
    path: '/admin/v1/discovery',
    tag,
    summary: 'Add a page',
    access: 'discovery:write',
    body: z
      .strictObject({ ...fields, priority: fields.priority.default(0) })
      .meta({ id: 'NewDiscoveryItem' }),
    status: 201,
    reply: saved,
  },
  changeDiscovery: {
    method: 'patch',
    path: '/admin/v1/discovery/{item_id}',
    tag,
    summary: 'Change a page',
    access: 'discovery:write',
    params,
    body: z
      .strictObject({
        ...z.object(fields).partial().shape,
        expected: expectedOf({ ...fields, name: readText, url: readText }),
      })
      .meta({ id: 'DiscoveryItemChange' }),
    status: 200,
    reply: saved,
  },
  deleteDiscovery: {
    method: 'delete',
    path: '/admin/v1/discovery/{item_id}',
    tag,
    summary: 'Delete a page',
    access: 'discovery:write',
    params,
    status: 204,
  },
});
