import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
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

/** Maximum requests in flight on one connection. Each costs memory, and hardly any client pipelines requests. */
const maxPipelined = 64;

export interface HttpAddressOptions extends AddressLimitOptions {
  trustedProxies: Networks;
}

/**
 * Limits an HTTP server's connections by address. For trusted proxies it limits, instead of connections, the requests in
 * flight for each forwarded address. A connection with too many requests in flight is closed.
 * @param refuse responds to a request over the limit
 * @returns `serve` behind that limit
 */
export function limitByAddress(
  { trustedProxies, ...options }: HttpAddressOptions,
  serve: RequestListener,
  refuse: (request: IncomingMessage, response: ServerResponse) => void,
): {
  attach: (server: Server) => void;
  serve: RequestListener;
  /** whether a connection may be upgraded to another protocol */
  admitsUpgrade: (request: IncomingMessage, socket: Duplex) => boolean;
} {
  const connections = new AddressLimit(options);
  const forwarded = new AddressLimit({ ...options, what: 'requests' });
  const pipelined = new Pipelined();
  const isProxy = (address: string | undefined) => address !== undefined && trustedProxies.includes(address);
  return {
    attach: (server) => {
      server.on('connection', (socket) => {
        const { remoteAddress } = socket;
        if (!isProxy(remoteAddress) && !connections.admit(socket, remoteAddress)) socket.destroy();
      });
    },
    serve: (request, response) => {
      const { socket } = request;
      const { remoteAddress } = socket;
      // Node still emits the requests that had arrived before the connection was closed.
      if (socket.destroyed) return;
      if (!pipelined.admit(socket, response)) {
        options.refused.inc();
        socket.destroy();
        return;
      }
      const mayServe =
        !isProxy(remoteAddress) || forwarded.admit(response, clientAddress(request, trustedProxies));
      if (mayServe) serve(request, response);
      else refuse(request, response);
    },
    admitsUpgrade: (request, socket) =>
      !isProxy(request.socket.remoteAddress) ||
      forwarded.admit(socket, clientAddress(request, trustedProxies)),
  };
}

/**
 * The caller's address: the last one in X-Forwarded-For that does not belong to a trusted proxy.
 * @param peer the address the connection comes from, when a PROXY header gives another one than the socket
 */
export function clientAddress(
  request: IncomingMessage,
  trustedProxies: Networks,
  peer = request.socket.remoteAddress,
): string | undefined {
  const hops = String(request.headers['x-forwarded-for'] ?? '').split(',');
  let address = peer;
  while (address !== undefined && trustedProxies.includes(address)) {
    const hop = hops.pop()?.trim();
    if (!hop) break;
    address = hop;
  }
  return address;
}

/** Counts the requests in flight of each connection. */
class Pipelined {
  readonly #inFlight = new WeakMap<Socket, number>();

  /** @returns false when the connection is at its limit */
  admit(socket: Socket, response: ServerResponse): boolean {
    const count = this.#inFlight.get(socket) ?? 0;
    if (count >= maxPipelined) return false;
    this.#inFlight.set(socket, count + 1);
    response.once('close', () => this.#inFlight.set(socket, (this.#inFlight.get(socket) ?? 1) - 1));
    return true;
  }
}
