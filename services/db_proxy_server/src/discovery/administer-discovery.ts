import { administration, httpApi, type RpcServer } from '@teamtalk/rpc';
import { toSaveReply } from '../administration/save-reply.js';
import type { Context } from '../context.js';
import type { DiscoveryFields } from './discovery.js';

const { CreateDiscoveryRequest, SaveReply } = httpApi.api;

type WireFields = httpApi.api.DiscoveryFields.$Properties | null | undefined;

/** Administration of the clients' discovery page: /v1/discovery and /api/discovery. */
export function administerDiscovery(server: RpcServer, { apiAnswers, discovery }: Context): void {
  server.unary(administration.listDiscovery, async () => ({
    items: (await discovery.list()).map(({ id, ...item }) => ({ itemId: id, ...item })),
  }));

  server.unary(administration.createDiscovery, async (request) => {
    const asked = CreateDiscoveryRequest.encode({ ...request, idempotencyKey: '' }).finish();
    return apiAnswers.once(
      'create_discovery',
      { key: request.idempotencyKey, request: asked, reply: SaveReply },
      async (query) => toSaveReply(await discovery.create(query, fieldsOf(request.fields))),
    );
  });

  server.unary(administration.changeDiscovery, async ({ itemId, fields }) =>
    toSaveReply(await discovery.change(itemId, fieldsOf(fields))),
  );

  server.unary(administration.deleteDiscovery, async ({ id }) => toSaveReply(await discovery.delete(id)));
}

function fieldsOf(fields: WireFields): DiscoveryFields {
  return { name: fields?.name ?? null, url: fields?.url ?? null, priority: fields?.priority ?? null };
}
