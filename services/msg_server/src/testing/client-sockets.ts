import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { createWebSocketStream, WebSocket } from 'ws';

/** Self-signed certificates for tests: `first` and `second`. */
export function certificateFiles(name: 'first' | 'second'): { certFile: string; keyFile: string } {
  const file = (kind: string) => new URL(`certificates/${name}.${kind}.pem`, import.meta.url).pathname;
  return { certFile: file('cert'), keyFile: file('key') };
}

export const tlsEnv = {
  TLS_CERT_FILE: certificateFiles('first').certFile,
  TLS_KEY_FILE: certificateFiles('first').keyFile,
};

/** @param socket what carries it, where bytes came before the handshake */
export async function openTls(port: number, socket?: Duplex): Promise<TLSSocket> {
  const ca = (['first', 'second'] as const).map((name) => readFileSync(certificateFiles(name).certFile));
  const secure = connect({
    ...(socket ? { socket } : { port, host: '127.0.0.1' }),
    ca,
    servername: 'localhost',
  });
  await once(secure, 'secureConnect');
  return secure;
}

/** The name in a server's certificate. */
export function shownName(socket: TLSSocket): unknown {
  return socket.getPeerCertificate().subject.CN;
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
