import type { Socket } from 'node:net';

/**
 * Takes a socket a client has opened.
 * @param address the client's IP address where a load balancer told it; undefined: that of the socket
 */
export type AcceptHandler = (socket: Socket, address: string | undefined) => void;
