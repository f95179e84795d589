import type { Socket } from 'node:net';
import { readIntoShared, type Take } from '@teamtalk/net';
import type { Connection } from './connection.js';

const connectionKey = Symbol('connection');

interface ClientSocket extends Socket {
  [connectionKey]: Connection;
}

// The same three functions for every socket: twenty thousand idle connections have no closures.
function onData(this: ClientSocket, chunk: Buffer): void {
  this[connectionKey].receive(chunk);
}

function onError(): void {
  // 'close' comes next and says that there was an error.
}

function onClose(this: ClientSocket, hadError: boolean): void {
  this[connectionKey].transportClosed(hadError);
}

/** Gives what comes by a socket, TCP or TLS, to its connection. */
export function attach(socket: Socket, connection: Connection): void {
  attachRead(socket, connection);
  socket.on('data', onData);
}

/** The same for a socket that `plainSocket` gave. */
export function attachRead(socket: Socket, connection: Connection): void {
  (socket as ClientSocket)[connectionKey] = connection;
  socket.on('error', onError);
  socket.on('close', onClose);
}

/** The socket to use for an accepted one that carries PDUs as they are. */
export const plainSocket = readIntoShared(onData as Take);
