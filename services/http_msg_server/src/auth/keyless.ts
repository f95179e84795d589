import type { IncomingMessage } from 'node:http';
import type { Networks } from '@teamtalk/net';

export interface KeylessOptions {
  keyless: 'all' | 'none' | Networks;
  trustedProxies: Networks;
}

/**
 * Whether a request is served without a key: the API is open, or the caller's address needs none. What a proxy passes on
 * comes from the proxy's address for whoever does not trust the proxy, so that says nothing about the caller.
 */
export function needsNoKey({ keyless, trustedProxies }: KeylessOptions) {
  return (request: IncomingMessage & { readonly ip?: string | undefined }): boolean => {
    if (typeof keyless === 'string') return keyless === 'all';
    const { ip, headers, socket } = request;
    const peer = socket.remoteAddress;
    if (!ip || !peer || !keyless.includes(ip)) return false;
    const isForwarded = headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined;
    return !isForwarded || trustedProxies.includes(peer);
  };
}
