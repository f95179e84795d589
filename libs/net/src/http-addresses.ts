import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { env } from '@teamtalk/service-kit';
import { AddressLimit, type AddressLimitOptions } from './address-limit.js';
import type { Networks } from './networks.js';

/** Variable of an HTTP server behind proxies. */
export const trustedProxiesEnv = {
  TRUSTED_PROXIES: env.string(
    '',
    'Addresses or CIDRs of proxies, separated by commas, whose X-Forwarded-For is trusted for the caller’s address',
  ),
};

export interface HttpAddressOptions extends AddressLimitOptions {
  trustedProxies: Networks;
}

/**
 * Limits an HTTP server's connections by address. Those of trusted proxies are not limited; their requests in flight
 * are, by the address they are forwarded for.
 * @param refuse answers a request that is one too many
 * @returns `serve` behind that limit
 */
export function limitByAddress(
  { trustedProxies, ...options }: HttpAddressOptions,
  serve: RequestListener,
  refuse: (request: IncomingMessage, response: ServerResponse) => void,
): { attach: (server: Server) => void; serve: RequestListener } {
  const connections = new AddressLimit(options);
  const forwarded = new AddressLimit({ ...options, what: 'requests' });
  const isProxy = (address: string | undefined) => address !== undefined && trustedProxies.includes(address);
  return {
    attach: (server) => {
      server.on('connection', (socket) => {
        const { remoteAddress } = socket;
        if (!isProxy(remoteAddress) && !connections.admit(socket, remoteAddress)) socket.destroy();
      });
    },
    serve: (request, response) => {
      const { remoteAddress } = request.socket;
      const mayServe =
        !isProxy(remoteAddress) || forwarded.admit(response, clientAddress(request, trustedProxies));
      if (mayServe) serve(request, response);
      else refuse(request, response);
    },
  };
}

/** The caller's address: the last one of X-Forwarded-For that is no trusted proxy's. */
export function clientAddress(request: IncomingMessage, trustedProxies: Networks): string | undefined {
  const hops = String(request.headers['x-forwarded-for'] ?? '').split(',');
  let address = request.socket.remoteAddress;
  while (address !== undefined && trustedProxies.includes(address)) {
    const hop = hops.pop()?.trim();
    if (!hop) break;
    address = hop;
  }
  return address;
}
