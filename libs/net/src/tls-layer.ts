import type { Socket } from 'node:net';
import { createServer, type Server } from 'node:tls';
import type { Logger } from '@teamtalk/service-kit';
import type { AcceptHandler } from './accept-handler.js';
import type { Certificate } from './certificate.js';
import type { ListenerMetrics } from './metrics.js';

export interface TlsLayerOptions {
  certificate: Certificate;
  /** Deadline of the handshake, milliseconds. */
  handshakeMs: number;
  metrics: Pick<ListenerMetrics, 'handshakesFailed'>;
  log: Logger;
  /** Called with sockets whose handshake is complete. */
  next: AcceptHandler;
}

/** Starts TLS on accepted sockets. It does not listen itself: a PROXY header may precede the handshake. */
export class TlsLayer {
  readonly #server: Server;
  readonly #next: AcceptHandler;
  /** Clients' addresses from PROXY headers during the handshake, by both ends of the socket. */
  readonly #addresses = new Map<string, string>();

  constructor({ certificate, handshakeMs, metrics, log, next }: TlsLayerOptions) {
    this.#next = next;
    this.#server = createServer({ ...certificate, handshakeTimeout: handshakeMs });
    this.#server.on('secureConnection', (socket) => this.#secured(socket));
    this.#server.on('tlsClientError', (error, socket) => {
      metrics.handshakesFailed.inc();
      log.debug({ err: error, peer: socket.remoteAddress }, 'TLS handshake failed');
      socket.destroy();
    });
  }

  readonly take = (socket: Socket, address: string | undefined): void => {
    if (address !== undefined) {
      const ends = endsOf(socket);
      this.#addresses.set(ends, address);
      socket.once('close', () => this.#addresses.delete(ends));
    }
    this.#server.emit('connection', socket);
  };

  /** Applies to new connections. */
  use(certificate: Certificate): void {
    this.#server.setSecureContext(certificate);
  }

  #secured(socket: Socket): void {
    this.#next(socket, this.#addresses.get(endsOf(socket)));
  }
}

/** A key that is the same for the plain socket and the TLS socket on top of it. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
