import type { TransportOptions } from './transport.js';

/** The part of a WebSocket (a browser's, or that of ws) that the transport uses. */
export interface WebSocketLike {
  readonly readyState: number;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  /** `error` has the reason, except in browsers. */
  onerror: ((event: { error?: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(bytes: Uint8Array): void;
  close(code?: number): void;
  /** Closes the connection at once; only in ws. */
  terminate?(): void;
}

/** Begins to connect. Browsers get web-socket.browser.ts instead (package.json, "browser"). */
export async function createWebSocket(
  url: string,
  { tls, maxPduBytes }: TransportOptions,
): Promise<WebSocketLike> {
  // Loaded on demand, because most programs use TCP.
  const { WebSocket } = await import('ws');
  const socket = new WebSocket(url, {
    perMessageDeflate: false,
    maxPayload: maxPduBytes,
    ...(tls?.ca !== undefined && { ca: tls.ca }),
    ...(tls?.serverName !== undefined && { servername: tls.serverName }),
  });
  // Messages are Buffers, as from TCP.
  socket.binaryType = 'nodebuffer';
  return socket as unknown as WebSocketLike;
}
