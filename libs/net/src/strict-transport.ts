import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { env } from '@teamtalk/service-kit';
import type { Networks } from './networks.js';

/** Variable of servers that serve pages. */
export const strictTransportEnv = {
  HSTS_SECONDS: env.integer(
    31_536_000,
    0,
    63_072_000,
    'For so long a browser that has come by HTTPS at the standard port uses nothing else for this host name, whatever the port (Strict-Transport-Security), seconds; 0: it is not told, where other ports of the name have no TLS',
  ),
};

/**
 * The header that makes browsers use only HTTPS. Left out for a request over plain HTTP, and when the host has a port, since
 * other ports of that name are likely to have no TLS.
 * @param seconds 0: never sent
 * @param trustedProxies proxies whose X-Forwarded-Proto and X-Forwarded-Host are trusted
 */
export function strictTransport(
  request: IncomingMessage,
  seconds: number,
  trustedProxies: Networks,
): Record<string, string> {
  const { headers, socket } = request;
  const byProxy = trustedProxies.includes(socket.remoteAddress ?? '');
  const forwarded = byProxy ? headers['x-forwarded-proto'] : undefined;
  const isSecure = (socket as TLSSocket).encrypted === true || forwarded === 'https';
  const host = (byProxy && headers['x-forwarded-host']) || headers.host || '';
  if (seconds === 0 || !isSecure || /:\d+$/.test(String(host))) return {};
  return { 'strict-transport-security': `max-age=${seconds}` };
}
