import { type EnvValues, env } from '@teamtalk/service-kit';
import { Networks } from './networks.js';

/** Variables of a server whose clients may come by way of load balancers. */
export const proxyProtocolEnv = {
  PROXY_PROTOCOL: env.choice(
    ['off', 'v1', 'v2'],
    'off',
    'v1, v2: every connection of a client begins with a PROXY header of that version, with which load balancers name the client’s address; a connection without one is closed',
  ),
  TRUSTED_PROXIES: env.string(
    '',
    'Addresses or CIDRs of load balancers and proxies, separated by commas. Where connections begin with PROXY headers, those from elsewhere are closed; when unset, whoever reaches the port can claim any address. Where WebSockets begin without one, the X-Forwarded-For of these proxies names the client’s address',
  ),
};

/** The PROXY header that connections begin with. */
export interface ProxyProtocol {
  version: 'v1' | 'v2';
  /** from whom it is believed */
  sources: Networks | 'anybody';
}

/**
 * @returns undefined: connections begin without a PROXY header
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
