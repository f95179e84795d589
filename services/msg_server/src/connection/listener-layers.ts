import type { Socket } from 'node:net';
import {
  type AcceptHandler,
  type CertificateFiles,
  ClientPort,
  ProxyEntrance,
  TlsEntrance,
} from '@teamtalk/net';
import type { Logger } from '@teamtalk/service-kit';
import type { MsgServerConfig } from '../config.js';
import type { MsgServerMetrics } from '../metrics.js';
import type { Connection } from './connection.js';
import { attach, attachRead, plainSocket } from './socket-transport.js';
import type { Transport } from './transport.js';
import { WebSocketLayer } from './web-socket-layer.js';

export interface ListenerLayersOptions {
  config: MsgServerConfig;
  certificate: CertificateFiles | undefined;
  metrics: MsgServerMetrics;
  log: Logger;
  admit: (transport: Transport, address: string | undefined) => Connection;
}

/**
 * Builds the listeners for clients: one port for plain PDUs and one for WebSocket, each with TLS and PROXY header
 * layers where configured. All hand their sockets to `admit`, after which connections do not differ.
 */
export class ListenerLayers {
  readonly #options: ListenerLayersOptions;
  readonly #ports: { name: string; where: { host: string; port: number }; port: ClientPort }[] = [];
  readonly #proxies: ProxyEntrance[] = [];
  readonly #secured: TlsEntrance[] = [];
  readonly #webSockets: WebSocketLayer | undefined;

  constructor(options: ListenerLayersOptions) {
    this.#options = options;
    const { config, certificate, metrics, admit } = options;
    const { listen, webSocket, tls, limits, timeouts } = config;
    const secure = tls?.client ?? false;
    const plain = !secure && !config.proxyProtocol;
    const bind = plain ? attachRead : attach;
    const last: AcceptHandler = (socket, address) => bind(socket, admit(socket, address));
    this.#open('client', listen, secure, last, plain ? plainSocket : undefined);
    if (webSocket) {
      this.#webSockets = new WebSocketLayer({
        origins: webSocket.origins,
        maxPduBytes: limits.pduBytes,
        requestMs: timeouts.loginMs,
        metrics,
        admit,
      });
      const where = { host: listen.host, port: webSocket.port };
      this.#open('ws', where, tls?.webSocket ?? false, this.#webSockets.take);
    }
    if (certificate) {
      certificate.onChange = (current) => {
        for (const layer of this.#secured) layer.use(current);
      };
    }
  }

  /** @returns the ports, by name */
  async listen(): Promise<Record<string, number>> {
    const ports: Record<string, number> = {};
    for (const { name, where, port } of this.#ports) ports[name] = await port.listen(where);
    return ports;
  }

  /** Closes sockets that have not sent their PROXY header within `maxRounds` calls. */
  sweep(maxRounds: number): void {
    for (const layer of this.#proxies) layer.sweep(maxRounds);
  }

  /** Stops accepting; sockets without a connection yet are closed. */
  close(): void {
    for (const { port } of this.#ports) port.close();
    for (const layer of this.#proxies) layer.close();
    this.#webSockets?.close();
  }

  #open(
    name: string,
    where: { host: string; port: number },
    secure: boolean,
    last: AcceptHandler,
    convert?: (accepted: Socket) => Socket,
  ): void {
    const { config, certificate, metrics, log } = this.#options;
    let next = last;
    if (secure && certificate) {
      const handshakeMs = config.timeouts.loginMs;
      const layer = new TlsEntrance({ certificate: certificate.current, handshakeMs, metrics, log, next });
      this.#secured.push(layer);
      next = layer.take;
    }
    let take = (socket: Socket) => next(socket, undefined);
    if (config.proxyProtocol) {
      const layer = new ProxyEntrance({ metrics, log, next });
      this.#proxies.push(layer);
      take = layer.take;
    }
    const { connections } = config.limits;
    // Some room above the limit, so that a login beyond it can still be refused with a result.
    const maxSockets = connections + Math.max(64, connections >> 3);
    this.#ports.push({ name, where, port: new ClientPort({ maxSockets, metrics, log, take, convert }) });
  }
}
