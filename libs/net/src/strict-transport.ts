import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { env } from '@teamtalk/service-kit';
import type { Networks } from './networks.js';

/** Variable of a server of pages. */
export const strictTransportEnv = {
  HSTS_SECONDS: env.integer(
    31_536_000,
    0,
    63_072_000,
    'For so long a browser that has come by HTTPS at the standard port uses nothing else for this host name, whatever the port (Strict-Transport-Security), seconds; 0: it is not told, where other ports of the name have no TLS',
  ),
};

/**
 * The header by which a browser keeps to HTTPS; none for a request that came without it, or whose host has a port: other ports of
 * that name are likely to have no TLS.
 * @param seconds 0: never
 * @param trustedProxies whose X-Forwarded-Proto is believed
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
