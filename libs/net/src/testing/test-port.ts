import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ClientLog, createLogger, type Logger } from '@teamtalk/service-kit';
import { AddressLimit } from '../address-limit.js';
import { ClientPort, type ClientPortOptions } from '../client-port.js';
import type { ListenerMetrics } from '../metrics.js';
import { Networks } from '../networks.js';

export const log: Logger = createLogger({ service: 'test', instance: 1, level: 'silent' });

export const clientLog = new ClientLog({ log, leftOut: { inc() {} } });

interface TestPortOptions {
  maxSockets?: number;
  perAddress?: number;
  exempt?: string;
  layers?: Partial<NonNullable<ClientPortOptions['layers']>>;
  convert?: ClientPortOptions['convert'];
}

/** A ClientPort that echoes and records. */
export class TestPort {
  readonly #port: ClientPort;
  readonly counts = { refused: 0, refusedByAddress: 0, proxyRefused: [] as string[], handshakesFailed: 0 };
  /** Of the sockets that were taken. */
  readonly addresses: (string | undefined)[] = [];
  readonly #sockets = new Set<Socket>();
  #number = 0;

  static async open(options: TestPortOptions = {}): Promise<TestPort> {
    const port = new TestPort(options);
    port.#number = await port.#port.listen();
    return port;
  }

  private constructor({ maxSockets = 100, perAddress = 100, exempt = '', layers, convert }: TestPortOptions) {
    const { counts } = this;
    const metrics: Omit<ListenerMetrics, 'certificateReloads' | 'upgradesRefused'> = {
      refusedSockets: { inc: () => counts.refused++ },
      refusedByAddress: { inc: () => counts.refusedByAddress++ },
      proxyRefused: { inc: ({ reason }) => counts.proxyRefused.push(reason) },
      handshakesFailed: { inc: () => counts.handshakesFailed++ },
    };
    this.#port = new ClientPort({
      where: { host: '127.0.0.1', port: 0 },
      maxSockets,
      addresses: new AddressLimit({
        perAddress,
        total: maxSockets,
        exempt: Networks.parse('exempt', exempt),
        refused: metrics.refusedByAddress,
        clientLog,
      }),
      ...(layers && {
        layers: { certificate: undefined, proxyProtocol: undefined, openingMs: 60_000, metrics, ...layers },
      }),
      metrics,
      log,
      clientLog,
      take: (socket, address) => {
        this.addresses.push(address);
        this.#sockets.add(socket);
        socket.on('data', (chunk) => socket.write(chunk));
        socket.on('error', () => {});
        socket.on('close', () => this.#sockets.delete(socket));
      },
      convert,
    });
  }

  /** @throws Error when the connection is refused */
  async connect(localAddress = '127.0.0.1'): Promise<Socket> {
    const socket = connect({ port: this.#number, host: '127.0.0.1', localAddress, noDelay: true });
    await once(socket, 'connect');
    socket.on('error', () => {});
    return socket;
  }

  close(): void {
    this.#port.close();
  }

  stop(): void {
    this.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
