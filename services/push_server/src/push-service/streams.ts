import type { ServerResponse } from 'node:http';
import type { Duplex, Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Stream } from './phones.js';

/** Resolves when the stream has drained or closed. */
function drained(stream: Writable): Promise<void> {
  if (!stream.writableNeedDrain || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}

export function responseStream(response: ServerResponse): Stream {
  return {
    send: (line) => void response.write(`${line}\n`),
    get queued() {
      return response.writableLength;
    },
    drained: () => drained(response),
    get gone() {
      return response.destroyed;
    },
    probe: () => true,
    cut: () => void response.destroy(),
  };
}

/** @param socket the connection that carries the WebSocket */
export function webSocketStream(webSocket: WebSocket, socket: Duplex): Stream {
  let answered = true;
  webSocket.on('pong', () => {
    answered = true;
  });
  return {
    send: (line) => webSocket.send(line),
    get queued() {
      return webSocket.bufferedAmount;
    },
    drained: () => drained(socket),
    get gone() {
      return socket.destroyed;
    },
    probe: () => {
      const wasThere = answered;
      answered = false;
      webSocket.ping();
      return wasThere;
    },
    cut: () => webSocket.terminate(),
  };
}
