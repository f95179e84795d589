import { createServer, type Socket } from 'node:net';
import { listenForParent } from './listen.js';

// The least a relay in Node can do: it pipes two connections into each other. The first four bytes of a connection
// are the number of its pair.
const waiting = new Map<number, Socket>();

function pair(socket: Socket, number: number): void {
  const other = waiting.get(number);
  if (!other) {
    waiting.set(number, socket);
    return;
  }
  waiting.delete(number);
  socket.pipe(other);
  other.pipe(socket);
}

listenForParent(
  createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('readable', () => {
      const head: Buffer | null = socket.read(4);
      if (head) pair(socket, head.readUInt32BE());
    });
  }),
);
