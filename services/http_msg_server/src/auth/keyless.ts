import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Networks } from '@teamtalk/net';

export interface KeylessOptions {
  keyless: 'all' | 'none' | Networks;
  trustedProxies: Networks;
}

/**
 * Whether a request is served without a key: the API is open, or the caller's address needs none. An address does not
 * identify the caller if an untrusted proxy forwarded the request, or if it comes from a browser, where any open page can
 * send requests; this server's own pages are exempt.
 */
export function needsNoKey({ keyless, trustedProxies }: KeylessOptions) {
  return (request: IncomingMessage & { readonly ip?: string | undefined }): boolean => {
    if (typeof keyless === 'string') return keyless === 'all';
    const { ip, headers, socket } = request;
    if (headers.origin !== undefined && !isOwnOrigin(headers.origin, headers.host)) return false;
    const peer = socket.remoteAddress;
    if (!ip || !peer || !keyless.includes(ip)) return false;
    const isForwarded = headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined;
    return !isForwarded || trustedProxies.includes(peer);
  };
}

/** Whether a page is this server's own. Other host names do not count, because their owner can point them here. */
function isOwnOrigin(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const url = new URL(origin);
  const name = url.hostname.replace(/^\[|\]$/g, '');
  return url.host === host && (name === 'localhost' || isIP(name) !== 0);
}
