import type { Socket } from 'node:net';
import { readIntoShared, type Take } from '@teamtalk/net';
import type { Connection } from './connection.js';

const connectionKey = Symbol('connection');

interface ClientSocket extends Socket {
  [connectionKey]: Connection;
}

// Shared by all sockets, so that idle connections need no closures.
function onData(this: ClientSocket, chunk: Buffer): void {
  this[connectionKey].receive(chunk);
}

function onError(): void {
  // 'close' follows and reports the error.
}

function onClose(this: ClientSocket, hadError: boolean): void {
  this[connectionKey].transportClosed(hadError);
}

/** Connects a TCP or TLS socket to its connection. One from `plainSocket` emits no 'data' and calls `onData` itself. */
export function attach(socket: Socket, connection: Connection): void {
  (socket as ClientSocket)[connectionKey] = connection;
  socket.on('data', onData);
  socket.on('error', onError);
  socket.on('close', onClose);
}

/** Replaces an accepted socket of plain PDUs by one that reads without copying. */
export const plainSocket = readIntoShared(onData as Take);
