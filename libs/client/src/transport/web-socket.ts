import type { TransportOptions } from './transport.js';

/** The part of a WebSocket that the transport uses: a browser's, or one of ws. */
export interface WebSocketLike {
  readonly readyState: number;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  /** `error` says why; a browser does not tell. */
  onerror: ((event: { error?: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(bytes: Uint8Array): void;
  close(code?: number): void;
  /** Only of ws: breaks the connection off. */
  terminate?(): void;
}

/** Begins to connect. In browsers web-socket.browser.ts takes its place (package.json, "browser"). */
export async function createWebSocket(
  url: string,
  { tls, maxPduBytes }: TransportOptions,
): Promise<WebSocketLike> {
  // Loaded when it is needed: most programs use TCP.
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
