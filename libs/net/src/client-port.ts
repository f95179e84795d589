import { createServer, type Server, type Socket } from 'node:net';
import { type Logger, listen } from '@teamtalk/service-kit';
import type { EntranceMetrics } from './metrics.js';

/** Connections the system may keep waiting to be accepted. */
const backlog = 4_096;

export interface ClientPortOptions {
  maxSockets: number;
  metrics: Pick<EntranceMetrics, 'refusedSockets'>;
  log: Logger;
  /** Takes each socket that was accepted. */
  take: (socket: Socket) => void;
}

/** A port clients connect to. */
export class ClientPort {
  readonly #options: ClientPortOptions;
  readonly #server: Server;

  constructor(options: ClientPortOptions) {
    const { maxSockets, metrics, take } = options;
    this.#options = options;
    this.#server = createServer({ noDelay: true }, take);
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
}
