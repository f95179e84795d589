import {
  type AcceptHandler,
  AddressLimit,
  type CertificateFiles,
  ClientPort,
  type Convert,
  type Networks,
  type ProxyProtocol,
  WebSocketLayer,
} from '@teamtalk/net';
import type { Kit } from '@teamtalk/service-kit';
import type { MsgServerConfig } from '../config.js';
import type { MsgServerMetrics } from '../metrics.js';
import type { Connection } from './connection.js';
import { attach, plainSocket } from './socket-transport.js';
import type { Transport } from './transport.js';
import { WebSocketTransport } from './web-socket-transport.js';

export interface ClientPortsOptions {
  config: MsgServerConfig;
  certificate: CertificateFiles | undefined;
  metrics: MsgServerMetrics;
  kit: Pick<Kit, 'log' | 'clientLog'>;
  admit: (transport: Transport, address: string | undefined) => Connection;
}

/**
 * The ports for clients: one for plain PDUs and one for WebSocket. Both hand their sockets to `admit`, after which
 * connections do not differ.
 */
export class ClientPorts {
  readonly #options: ClientPortsOptions;
  /** Of both ports together. */
  readonly #addresses: AddressLimit;
  readonly #ports: { name: string; port: ClientPort }[] = [];
  readonly #webSockets: WebSocketLayer | undefined;

  constructor(options: ClientPortsOptions) {
    this.#options = options;
    const { config, metrics, kit, admit } = options;
    const { listen, webSocket, tls, proxies, limits, timeouts } = config;
    this.#addresses = new AddressLimit({
      ...config.addressLimits,
      total: limits.connections,
      refused: metrics.refusedByAddress,
      clientLog: kit.clientLog,
    });
    const take: AcceptHandler = (socket, address) => attach(socket, admit(socket, address));
    const layers = { secure: tls?.client, proxyProtocol: proxies.client };
    this.#open('client', listen, layers, { take, convert: plainSocket });
    if (webSocket) {
      this.#webSockets = new WebSocketLayer({
        origins: webSocket.origins,
        forwarders: proxies.forwarders,
        addresses: this.#addresses,
        maxPduBytes: limits.pduBytes,
        requestMs: timeouts.loginMs,
        metrics,
        take: (webSocket, socket, address) => {
          const transport = new WebSocketTransport(webSocket, socket);
          transport.attach(admit(transport, address));
        },
      });
      const where = { host: listen.host, port: webSocket.port };
      const layers = { secure: tls?.webSocket, proxyProtocol: proxies.webSocket };
      const { take } = this.#webSockets;
      this.#open('ws', where, layers, { take, forwarders: proxies.forwarders });
    }
  }

  /** @returns the ports, by name */
  async listen(): Promise<Record<string, number>> {
    const ports: Record<string, number> = {};
    for (const { name, port } of this.#ports) ports[name] = await port.listen();
    return ports;
  }

  /** Stops accepting; sockets without a connection yet are closed. */
  close(): void {
    for (const { port } of this.#ports) port.close();
    this.#webSockets?.close();
  }

  #open(
    name: string,
    where: { host: string; port: number },
    { secure, proxyProtocol }: { secure: boolean | undefined; proxyProtocol: ProxyProtocol | undefined },
    sockets: { take: AcceptHandler; convert?: Convert; forwarders?: Networks },
  ): void {
    const { config, certificate, metrics, kit } = this.#options;
    const { connections } = config.limits;
    const port = new ClientPort({
      where,
      // Some room above the limit, so that a login beyond it can still be refused with a result.
      maxSockets: connections + Math.max(64, connections >> 3),
      addresses: this.#addresses,
      layers: {
        certificate: secure ? certificate : undefined,
        proxyProtocol,
        openingMs: config.timeouts.loginMs,
        metrics,
      },
      metrics,
      log: kit.log,
      clientLog: kit.clientLog,
      ...sockets,
    });
    this.#ports.push({ name, port });
  }
}
