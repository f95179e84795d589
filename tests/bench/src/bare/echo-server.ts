import { createServer } from 'node:net';
import { listenForParent } from './listen.js';

// The least a TCP server in Node can do: echo.
listenForParent(
  createServer({ noDelay: true }, (socket) => {
    socket.on('data', (chunk) => socket.write(chunk));
    socket.on('error', () => {});
  }),
);
