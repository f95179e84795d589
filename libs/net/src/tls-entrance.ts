import type { Socket } from 'node:net';
import { createServer, type Server } from 'node:tls';
import type { Logger } from '@teamtalk/service-kit';
import type { Certificate } from './certificate.js';
import type { AcceptHandler } from './entrance.js';
import type { EntranceMetrics } from './metrics.js';

export interface TlsEntranceOptions {
  certificate: Certificate;
  /** Milliseconds a client has for the handshake. */
  handshakeMs: number;
  metrics: Pick<EntranceMetrics, 'handshakesFailed'>;
  log: Logger;
  /** Takes the sockets whose handshake is done. */
  next: AcceptHandler;
}

/** Puts TLS on sockets. It does not listen itself: a PROXY header may come before the handshake. */
export class TlsEntrance {
  readonly #server: Server;
  readonly #next: AcceptHandler;
  /** Clients' addresses that a load balancer told, by both ends of the socket that is shaking hands. */
  readonly #addresses = new Map<string, string>();

  constructor({ certificate, handshakeMs, metrics, log, next }: TlsEntranceOptions) {
    this.#next = next;
    this.#server = createServer({ ...certificate, handshakeTimeout: handshakeMs });
    this.#server.on('secureConnection', (socket) => this.#secured(socket));
    this.#server.on('tlsClientError', (error, socket) => {
      metrics.handshakesFailed.inc();
      log.debug({ err: error, peer: socket.remoteAddress }, 'a TLS handshake failed');
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

  /** For connections that come from now on. */
  use(certificate: Certificate): void {
    this.#server.setSecureContext(certificate);
  }

  #secured(socket: Socket): void {
    this.#next(socket, this.#addresses.get(endsOf(socket)));
  }
}

/** The same for the plain socket and for the one with TLS that was put on it. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
