import { randomUUID } from 'node:crypto';
import { ask, listDiscovery, savedId } from '@teamtalk/administration';
import { administration } from '@teamtalk/rpc';
import type { Handlers } from './handler.js';

export const discovery: Handlers<
  'listDiscovery' | 'createDiscovery' | 'changeDiscovery' | 'deleteDiscovery'
> = {
  async listDiscovery(call) {
    return { items: await listDiscovery(call) };
  },

  async createDiscovery(call, { body }) {
    const request = { fields: body, idempotencyKey: `console ${randomUUID()}` };
    return {
      item_id: savedId(await ask(call, administration.createDiscovery, request), 'page', 'too-many-pages'),
    };
  },

  async changeDiscovery(call, { params: { item_id: itemId }, body }) {
    const { expected, ...fields } = body;
    const request = { itemId, fields, ...(expected && { expected }) };
    const reply = await ask(call, administration.changeDiscovery, request);
    return { item_id: savedId(reply, 'page', 'too-many-pages') };
  },

  async deleteDiscovery(call, { params: { item_id: id } }) {
    savedId(await ask(call, administration.deleteDiscovery, { id }), 'page', 'too-many-pages');
    return undefined;
  },
};
