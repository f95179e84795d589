import { createServer, type Server, type Socket } from 'node:net';
import { type ClientLog, type Logger, listen } from '@teamtalk/service-kit';
import type { AcceptHandler } from './accept-handler.js';
import type { AddressLimit } from './address-limit.js';
import type { CertificateFiles } from './certificate.js';
import type { ListenerMetrics } from './metrics.js';
import type { Networks } from './networks.js';
import { ProxyLayer } from './proxy-layer.js';
import type { ProxyProtocol } from './proxy-protocol.js';
import { TlsLayer } from './tls-layer.js';
import type { Convert } from './zero-copy.js';

/** Listen backlog. */
const backlog = 4_096;

/** What comes before the first PDU of a connection. */
export interface ClientPortLayers {
  /** undefined: no TLS */
  certificate: CertificateFiles | undefined;
  /** undefined: connections do not begin with a PROXY header. */
  proxyProtocol: ProxyProtocol | undefined;
  /** Time a client has for the PROXY header, and again for the TLS handshake, milliseconds. */
  openingMs: number;
  metrics: Pick<ListenerMetrics, 'proxyRefused' | 'handshakesFailed'>;
}

export interface ClientPortOptions {
  where: { host: string; port: number };
  /** Further sockets are refused. */
  maxSockets: number;
  /** Limits the sockets of one address. Ports may share it. */
  addresses: AddressLimit;
  /** Proxies that pass on their clients' addresses, by which their sockets are limited. Left out: none. */
  forwarders?: Networks;
  /** Left out: none. */
  layers?: ClientPortLayers;
  metrics: Pick<ListenerMetrics, 'refusedSockets'>;
  log: Logger;
  clientLog: ClientLog;
  /** Called with each socket that has passed the layers. */
  take: AcceptHandler;
  /** Converts each accepted socket to another one, where no layer reads from it first. */
  convert?: Convert;
}

/** A port for clients: plain, or with TLS, PROXY headers or both. */
export class ClientPort {
  readonly #options: ClientPortOptions;
  readonly #server: Server;
  readonly #proxy: ProxyLayer | undefined;
  /** Converted sockets, which the server does not count. */
  #converted = 0;

  constructor(options: ClientPortOptions) {
    this.#options = options;
    const { maxSockets, addresses, forwarders, layers, metrics, log, clientLog, take, convert } = options;
    const opened = layers?.certificate ? withTls(layers.certificate, layers, log, take) : take;
    // What every socket is passed to once its client's address is known.
    const next: AcceptHandler = (socket, address) => {
      const peer = address ?? socket.remoteAddress;
      const isForwarded = peer !== undefined && forwarders?.includes(peer);
      if (isForwarded || addresses.admit(socket, peer)) opened(socket, address);
      else socket.destroy();
    };
    if (layers?.proxyProtocol) {
      this.#proxy = new ProxyLayer({
        protocol: layers.proxyProtocol,
        headerMs: layers.openingMs,
        metrics: layers.metrics,
        clientLog,
        next,
      });
    }
    const accept = this.#proxy?.take ?? ((socket: Socket) => next(socket, undefined));
    const isPlain = !layers?.certificate && !layers?.proxyProtocol;
    this.#server =
      isPlain && convert
        ? createServer({ noDelay: true, pauseOnConnect: true }, (socket) => this.#convert(socket, convert))
        : createServer({ noDelay: true }, accept);
    this.#server.maxConnections = maxSockets;
    this.#server.on('drop', () => metrics.refusedSockets.inc());
  }

  /** @returns the bound port */
  async listen(): Promise<number> {
    const { where, metrics, log } = this.#options;
    await listen(this.#server, where, backlog);
    // Out of file descriptors, for instance: existing connections stay.
    this.#server.on('error', (error) => {
      metrics.refusedSockets.inc();
      log.error({ err: error }, 'accepting a connection failed');
    });
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : where.port;
  }

  /** Stops accepting, and destroys sockets without a complete PROXY header; those that were taken stay. */
  close(): void {
    this.#server.close();
    this.#proxy?.close();
  }

  #convert(accepted: Socket, convert: Convert): void {
    const { maxSockets, addresses, metrics, take } = this.#options;
    if (this.#converted >= maxSockets) {
      metrics.refusedSockets.inc();
      accepted.destroy();
      return;
    }
    const socket = convert(accepted);
    if (!addresses.admit(socket, socket.remoteAddress)) {
      socket.destroy();
      return;
    }
    this.#converted++;
    socket.on('close', this.#closed);
    take(socket, undefined);
  }

  readonly #closed = (): void => {
    this.#converted--;
  };
}

function withTls(
  certificate: CertificateFiles,
  { openingMs, metrics }: ClientPortLayers,
  log: Logger,
  next: AcceptHandler,
): AcceptHandler {
  const tls = new TlsLayer({
    certificate: certificate.current,
    handshakeMs: openingMs,
    metrics,
    log,
    next,
  });
  certificate.onChange((renewed) => tls.use(renewed));
  return tls.take;
}
