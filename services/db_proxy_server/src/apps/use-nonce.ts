import type { httpApi } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Context } from '../context.js';

const maxNonceBytes = 64;

/** Records a signed request's nonce, so that a replay is refused on every replica. */
export function useNonce({
  apps,
}: Context): (request: httpApi.api.UseNonceRequest) => Promise<httpApi.api.UseNonceReply.$Properties> {
  return async ({ appId, nonce }) => {
    if (nonce.length === 0 || nonce.length > maxNonceBytes) {
      throw new TeamTalkError('invalid-argument', `a nonce has 1 to ${maxNonceBytes} bytes`);
    }
    return { fresh: await apps.useNonce(appId, nonce) };
  };
}
