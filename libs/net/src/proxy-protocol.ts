import { type EnvValues, env } from '@teamtalk/service-kit';
import { Networks } from './networks.js';

/** Variables of a server whose clients may connect through load balancers. */
export const proxyProtocolEnv = {
  PROXY_PROTOCOL: env.choice(
    ['off', 'v1', 'v2'],
    'off',
    'v1, v2: every client connection begins with a PROXY header of that version, in which the load balancer gives the client’s address; a connection without one is closed',
  ),
  TRUSTED_PROXIES: env.string(
    '',
    'Addresses or CIDRs of load balancers and proxies, separated by commas. With PROXY_PROTOCOL, connections from elsewhere are closed; if unset, whoever reaches the port can claim any address. For WebSockets without it, the X-Forwarded-For header of these proxies gives the client’s address',
  ),
};

/** PROXY headers at the beginning of connections. */
export interface ProxyProtocol {
  version: 'v1' | 'v2';
  /** whose headers are trusted */
  sources: Networks | 'anybody';
}

/**
 * @returns undefined: connections do not begin with a PROXY header
 * @throws ConfigError when a trusted proxy is neither an address nor a CIDR
 */
export function proxyProtocol({
  PROXY_PROTOCOL: version,
  TRUSTED_PROXIES: trusted,
}: EnvValues<typeof proxyProtocolEnv>): ProxyProtocol | undefined {
  const networks = Networks.parse('TRUSTED_PROXIES', trusted);
  if (version !== 'v1' && version !== 'v2') return undefined;
  return { version, sources: trusted.trim() === '' ? 'anybody' : networks };
}
