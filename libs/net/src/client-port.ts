import { createServer, type Server, type Socket } from 'node:net';
import { type Logger, listen } from '@teamtalk/service-kit';
import type { EntranceMetrics } from './metrics.js';
import type { Convert } from './zero-copy.js';

/** Connections the system may keep waiting to be accepted. */
const backlog = 4_096;

export interface ClientPortOptions {
  maxSockets: number;
  metrics: Pick<EntranceMetrics, 'refusedSockets'>;
  log: Logger;
  /** Takes each socket that was accepted. */
  take: (socket: Socket) => void;
  /** Makes another socket out of each that was accepted, which was not read yet. */
  convert?: Convert | undefined;
}

/** A port clients connect to. */
export class ClientPort {
  readonly #options: ClientPortOptions;
  readonly #server: Server;
  /** Sockets that were converted, which the server does not count. */
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

  /** @returns the port */
  async listen(where: { host: string; port: number }): Promise<number> {
    const { metrics, log } = this.#options;
    await listen(this.#server, where, backlog);
    // Out of file descriptors, for instance: those who are connected stay.
    this.#server.on('error', (error) => {
      metrics.refusedSockets.inc();
      log.error({ err: error }, 'a connection could not be accepted');
    });
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : where.port;
  }

  /** Stops accepting; those who are connected stay. */
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
