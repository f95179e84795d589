import type { httpApi } from '@teamtalk/rpc';
import type { Context } from '../context.js';

const nothing = Buffer.alloc(0);

/** All apps that may call the HTTP API; http_msg_server caches them. */
export function listApps({ apps }: Context): () => Promise<httpApi.api.AppList.$Properties> {
  return async () => ({
    apps: (await apps.all()).map((row) => ({
      appId: row.id,
      name: row.name,
      keyHash: row.key_hash ?? nothing,
      signingKey: row.signing_key ?? nothing,
      permissions: row.permissions,
      addresses: row.addresses,
      userId: row.user_id ?? 0,
      rate: row.rate ?? 0,
    })),
  });
}
