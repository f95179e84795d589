import type { WebSocketLike } from './web-socket.js';

interface BrowserWebSocket extends WebSocketLike {
  binaryType: string;
}

/** Begins to connect with the browser's own WebSocket. */
export async function createWebSocket(url: string): Promise<WebSocketLike> {
  const { WebSocket } = globalThis as unknown as { WebSocket: new (url: string) => BrowserWebSocket };
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  return socket;
}
