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

/** Requests of one connection in flight at most: each costs memory, and hardly any client sends the next before the answer. */
const maxPipelined = 64;

export interface HttpAddressOptions extends AddressLimitOptions {
  trustedProxies: Networks;
}

/**
 * Limits an HTTP server's connections by address. Those of trusted proxies are not limited; their requests in flight
 * are, by the address they are forwarded for. A connection with too many requests in flight is closed.
 * @param refuse answers a request that is one too many
 * @returns `serve` behind that limit
 */
export function limitByAddress(
  { trustedProxies, ...options }: HttpAddressOptions,
  serve: RequestListener,
  refuse: (request: IncomingMessage, response: ServerResponse) => void,
): {
  attach: (server: Server) => void;
  serve: RequestListener;
  /** whether a connection that is not HTTP any more may stay */
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
      // Of a closed connection the requests that had arrived still follow.
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
 * The caller's address: the last one of X-Forwarded-For that is no trusted proxy's.
 * @param peer who has opened the connection, where a PROXY header says so
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

  /** @returns false when there are too many */
  admit(socket: Socket, response: ServerResponse): boolean {
    const count = this.#inFlight.get(socket) ?? 0;
    if (count >= maxPipelined) return false;
    this.#inFlight.set(socket, count + 1);
    response.once('close', () => this.#inFlight.set(socket, (this.#inFlight.get(socket) ?? 1) - 1));
    return true;
  }
}
