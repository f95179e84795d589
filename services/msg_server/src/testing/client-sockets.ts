import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { tlsEnv } from '@teamtalk/local-stack';
import { createWebSocketStream, WebSocket } from 'ws';

/** @param socket what carries it, where bytes came before the handshake */
export async function openTls(port: number, socket?: Duplex): Promise<TLSSocket> {
  const secure = connect({
    ...(socket ? { socket } : { port, host: '127.0.0.1' }),
    ca: readFileSync(tlsEnv.TLS_CERT_FILE),
    servername: 'localhost',
  });
  await once(secure, 'secureConnect');
  return secure;
}

export async function openWebSocket(url: string, options: WebSocket.ClientOptions = {}): Promise<WebSocket> {
  const webSocket = new WebSocket(url, { ca: readFileSync(tlsEnv.TLS_CERT_FILE), ...options });
  await once(webSocket, 'open');
  return webSocket;
}

/** A WebSocket as a stream: each chunk written is one binary message. */
export function asStream(webSocket: WebSocket): Duplex {
  return createWebSocketStream(webSocket);
}
