import { type administration, type Handlers, httpApi } from '@teamtalk/rpc';
import { actorOf } from '../actor.js';
import { toSaveReply } from '../administration/save-reply.js';
import type { Context } from '../context.js';
import type { DiscoveryFields } from './discovery.js';

const codecs = { request: httpApi.api.CreateDiscoveryRequest, reply: httpApi.api.SaveReply };

type WireFields = httpApi.api.DiscoveryFields.$Properties | null | undefined;

/** The discovery list, and its administration. */
export function administerDiscovery({ apiAnswers, discovery }: Context) {
  return {
    async listDiscovery() {
      return { items: (await discovery.list()).map(({ id, ...item }) => ({ itemId: id, ...item })) };
    },

    async createDiscovery(request) {
      return apiAnswers.once('create_discovery', request, codecs, async (query) =>
        toSaveReply(await discovery.create(query, fieldsOf(request.fields), actorOf(request.actor))),
      );
    },

    async changeDiscovery({ itemId, fields, expected, actor }) {
      const [wanted, read] = [fieldsOf(fields), fieldsOf(expected)];
      return toSaveReply(await discovery.change(itemId, wanted, actorOf(actor), read));
    },

    async deleteDiscovery({ id, actor }) {
      return toSaveReply(await discovery.delete(id, actorOf(actor)));
    },
  } satisfies Partial<Handlers<typeof administration>>;
}

function fieldsOf(fields: WireFields): DiscoveryFields {
  return { name: fields?.name ?? null, url: fields?.url ?? null, priority: fields?.priority ?? null };
}
