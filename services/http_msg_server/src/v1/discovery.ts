import { ask, listDiscovery, maxId, savedId } from '@teamtalk/administration';
import { administration } from '@teamtalk/rpc';
import { z } from 'zod';
import { scopedKey } from '../http/idempotency-key.js';
import { id, key, keyOf, line, pathId, webUrl } from './fields.js';
import { operation } from './operation.js';

const fields = {
  name: line(1, 64),
  url: webUrl,
  priority: z.int().min(0).max(maxId).describe('The larger ones are shown first'),
};

const item = z.object({ item_id: id, ...fields, url: z.string() }).meta({ id: 'DiscoveryItem' });
const newItem = z
  .strictObject({ ...fields, priority: fields.priority.default(0), id: key })
  .meta({ id: 'NewDiscoveryItem' });
const params = z.strictObject({ item_id: pathId });
const saved = z.object({ item_id: id }).meta({ id: 'SavedDiscoveryItem' });

export const discoveryOperations = [
  operation({
    method: 'get',
    path: '/v1/discovery',
    id: 'listDiscovery',
    tag: 'Discovery',
    summary: 'The pages behind the clients’ discovery button',
    permission: 'discovery:read',
    status: 200,
    reply: z.object({ items: z.array(item) }).meta({ id: 'DiscoveryItems' }),
    async handle(context) {
      return { reply: { items: await listDiscovery(context) } };
    },
  }),
  operation({
    method: 'post',
    path: '/v1/discovery',
    id: 'createDiscovery',
    tag: 'Discovery',
    summary: 'Add a page',
    permission: 'discovery:write',
    body: newItem,
    status: 201,
    reply: saved,
    async handle(context, { body: { id: named, ...wanted }, app, actor, idempotencyKey }) {
      const reply = await ask(context, administration.createDiscovery, {
        fields: wanted,
        actor,
        idempotencyKey: scopedKey(app, 'create-discovery', keyOf({ id: named }, idempotencyKey)),
      });
      return { reply: { item_id: savedId(reply, 'page', 'too-many-pages') } };
    },
  }),
  operation({
    method: 'patch',
    path: '/v1/discovery/{item_id}',
    id: 'changeDiscovery',
    tag: 'Discovery',
    summary: 'Change a page',
    permission: 'discovery:write',
    params,
    body: z.strictObject(fields).partial().meta({ id: 'DiscoveryItemChange' }),
    status: 200,
    reply: saved,
    async handle(context, { params: { item_id: itemId }, body, actor }) {
      const reply = await ask(context, administration.changeDiscovery, { itemId, fields: body, actor });
      return { reply: { item_id: savedId(reply, 'page', 'too-many-pages') } };
    },
  }),
  operation({
    method: 'delete',
    path: '/v1/discovery/{item_id}',
    id: 'deleteDiscovery',
    tag: 'Discovery',
    summary: 'Take a page away',
    permission: 'discovery:write',
    params,
    status: 204,
    async handle(context, { params: { item_id: id }, actor }) {
      savedId(await ask(context, administration.deleteDiscovery, { id, actor }), 'page', 'too-many-pages');
      return { reply: undefined };
    },
  }),
];
