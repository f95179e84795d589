import type { Socket } from 'node:net';

/**
 * Receives a socket that a client has opened.
 * @param address the client's IP address as told by a load balancer; undefined: the socket's remote address
 */
export type AcceptHandler = (socket: Socket, address: string | undefined) => void;
