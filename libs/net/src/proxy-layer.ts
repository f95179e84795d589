import type { Socket } from 'node:net';
import { type ClientLog, every } from '@teamtalk/service-kit';
import type { AcceptHandler } from './accept-handler.js';
import type { ListenerMetrics, ProxyRefusal } from './metrics.js';
import { ProxyHeaderError, ProxyHeaderParser, type ProxyParser } from './proxy-header.js';
import { ProxyLineParser } from './proxy-line.js';
import type { ProxyProtocol } from './proxy-protocol.js';
import { sweepIntervalMs } from './sweep-interval.js';

interface ProxyLayerOptions {
  protocol: ProxyProtocol;
  /** Time a client has for its header, milliseconds. */
  headerMs: number;
  metrics: Pick<ListenerMetrics, 'proxyRefused'>;
  clientLog: ClientLog;
  /** Called with sockets whose header has been read; what follows it is still unread. */
  next: AcceptHandler;
}

interface Waiting {
  parser: ProxyParser;
  /** performance.now() */
  since: number;
  onReadable: () => void;
  onClose: () => void;
}

function onError(): void {
  // 'close' follows.
}

/** Reads the PROXY header with which a load balancer begins each connection. */
export class ProxyLayer {
  readonly #options: ProxyLayerOptions;
  readonly #waiting = new Map<Socket, Waiting>();
  readonly #stopSweeping: () => Promise<void>;

  constructor(options: ProxyLayerOptions) {
    this.#options = options;
    this.#stopSweeping = every(sweepIntervalMs(options.headerMs), () => this.#sweep());
  }

  readonly take = (socket: Socket): void => {
    const { version, sources } = this.#options.protocol;
    if (sources !== 'anybody' && !sources.includes(socket.remoteAddress ?? '')) {
      socket.on('error', onError);
      this.#refuse(socket, 'untrusted');
      return;
    }
    const waiting: Waiting = {
      parser: version === 'v1' ? new ProxyLineParser() : new ProxyHeaderParser(),
      since: performance.now(),
      // `readable` instead of `data`: bytes can be unshifted, as if nothing had been read.
      onReadable: () => this.#read(socket, waiting),
      onClose: () => this.#waiting.delete(socket),
    };
    this.#waiting.set(socket, waiting);
    socket.on('readable', waiting.onReadable);
    socket.on('error', onError);
    socket.on('close', waiting.onClose);
  };

  /** Destroys connections still without a header. */
  close(): void {
    void this.#stopSweeping();
    for (const socket of this.#waiting.keys()) socket.destroy();
  }

  #sweep(): void {
    const end = performance.now() - this.#options.headerMs;
    for (const [socket, { since }] of this.#waiting) if (since < end) this.#refuse(socket, 'timeout');
  }

  #read(socket: Socket, waiting: Waiting): void {
    const chunk: Buffer | null = socket.read();
    if (!chunk) return;
    try {
      const header = waiting.parser.push(chunk);
      if (!header) return;
      this.#waiting.delete(socket);
      socket.off('readable', waiting.onReadable);
      if (header.rest.length > 0) socket.unshift(header.rest);
      this.#options.next(socket, header.address);
      socket.off('error', onError);
      socket.off('close', waiting.onClose);
    } catch (error) {
      if (!(error instanceof ProxyHeaderError)) throw error;
      this.#refuse(socket, error.reason);
    }
  }

  #refuse(socket: Socket, reason: ProxyRefusal): void {
    this.#waiting.delete(socket);
    this.#options.metrics.proxyRefused.inc({ reason });
    this.#options.clientLog.warn(
      socket.remoteAddress ?? '',
      { reason, peer: socket.remoteAddress },
      'PROXY header missing, invalid or not trusted; closing connection',
    );
    socket.destroy();
  }
}
