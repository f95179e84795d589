import { createServer, type Server, type Socket } from 'node:net';
import { type Logger, listen } from '@teamtalk/service-kit';
import type { EntranceMetrics } from './metrics.js';
import type { Convert } from './zero-copy.js';

/** Listen backlog. */
const backlog = 4_096;

export interface ClientPortOptions {
  maxSockets: number;
  metrics: Pick<EntranceMetrics, 'refusedSockets'>;
  log: Logger;
  /** Called with each accepted socket. */
  take: (socket: Socket) => void;
  /** Converts each accepted socket, before anything is read from it, to another one. */
  convert?: Convert | undefined;
}

/** A port for clients. */
export class ClientPort {
  readonly #options: ClientPortOptions;
  readonly #server: Server;
  /** Converted sockets, which the server does not count. */
  #open = 0;

  constructor(options: ClientPortOptions) {
    const { maxSockets, metrics, take, convert } = options;
    this.#options = options;
    this.#server = convert
      ? createServer({ noDelay: true, pauseOnConnect: true }, (accepted) => this.#convert(accepted, convert))
      : createServer({ noDelay: true }, take);
    this.#server.maxConnections = maxSockets;
    this.#server.on('drop', () => metrics.refusedSockets.inc());
  }

  /** @returns the bound port */
  async listen(where: { host: string; port: number }): Promise<number> {
    const { metrics, log } = this.#options;
    await listen(this.#server, where, backlog);
    // Out of file descriptors, for instance: existing connections stay.
    this.#server.on('error', (error) => {
      metrics.refusedSockets.inc();
      log.error({ err: error }, 'accepting a connection failed');
    });
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : where.port;
  }

  /** Stops accepting; existing connections stay. */
  close(): void {
    this.#server.close();
  }

  #convert(accepted: Socket, convert: Convert): void {
    const { maxSockets, metrics, take } = this.#options;
    if (this.#open >= maxSockets) {
      metrics.refusedSockets.inc();
      accepted.destroy();
      return;
    }
    this.#open++;
    const socket = convert(accepted);
    socket.on('close', this.#closed);
    take(socket);
  }

  readonly #closed = (): void => {
    this.#open--;
  };
}
