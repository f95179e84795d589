import type { Handlers, apps as service } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Context } from '../context.js';

const maxNonceBytes = 64;
/** Most apps that one call can report as used. */
const maxUses = 1_000;
const nothing = Buffer.alloc(0);

/** The gRPC service Apps. */
export function appsRpc({ apps }: Context): Handlers<typeof service> {
  return {
    /** All apps that may call the HTTP API; http_msg_server caches them. */
    async listApps({ usedAppIds }) {
      const rows = await apps.all();
      // The database counts a failure; callers need the list more than this.
      await apps.noteUses((usedAppIds ?? []).slice(0, maxUses)).catch(() => {});
      return {
        apps: rows.map((row) => ({
          appId: row.id,
          name: row.name,
          keyHash: row.key_hash ?? nothing,
          signingKey: row.signing_key ?? nothing,
          permissions: row.permissions,
          addresses: row.addresses,
          userId: row.user_id ?? 0,
          rate: row.rate ?? 0,
        })),
      };
    },

    /** Records a signed request's nonce, so that a replay is refused on every replica. */
    async useNonce({ appId, nonce }) {
      if (nonce.length === 0 || nonce.length > maxNonceBytes) {
        throw new TeamTalkError('invalid-argument', `a nonce has 1 to ${maxNonceBytes} bytes`);
      }
      return { fresh: await apps.useNonce(appId, nonce) };
    },
  };
}
