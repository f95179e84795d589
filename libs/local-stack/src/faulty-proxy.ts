import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** How bytes travel while nothing is cut. */
export interface Weather {
  /** every chunk comes this much later, milliseconds */
  delayMs?: number;
  /**
   * 0 to 1: the part of the chunks that are lost on the way. As TCP sends them again, they come later by a
   * retransmission time-out from when they were sent, and all behind them not before them; one of fifty breaks
   * the connection.
   */
  lossRate?: number;
}

/** Where connections go. */
export interface ProxyTarget {
  host: string;
  port: number;
}

interface Direction {
  from: Socket;
  to: Socket;
  /** chunks on their way, and when they arrive: performance.now(), ascending, for bytes do not overtake each other */
  readonly queue: { chunk: Buffer; at: number }[];
  /** bytes in it */
  underWay: number;
}

const retransmitMs = { least: 200, most: 800 };
const resetsPerLoss = 1 / 50;
/** Bytes on their way in one direction; beyond, nothing more is read. */
const maxUnderWay = 4 * 1024 * 1024;

/**
 * A TCP way to a server, with faults on demand. With several targets each connection goes to one that takes
 * it, chosen at random: a load balancer.
 */
export class FaultyProxy {
  readonly #server: Server;
  readonly #targets: () => readonly ProxyTarget[];
  readonly #directions = new Set<Direction>();
  readonly #sockets = new Set<Socket>();
  #state: 'open' | 'cut' | 'blocked' = 'open';
  #weather: Weather = {};
  /** Sees what a target sends before the client gets it; true: the connection is cut instead. */
  cutBefore: ((bytes: Buffer) => boolean) | undefined;

  /** @param targets asked for each connection */
  static async start(targets: () => readonly ProxyTarget[]): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(targets);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  private constructor(targets: () => readonly ProxyTarget[]) {
    this.#targets = targets;
    this.#server = createServer({ noDelay: true, pauseOnConnect: true }, (client) => this.#accept(client));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Breaks every connection and takes no new ones. */
  cut(): void {
    this.#state = 'cut';
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Breaks every connection; new ones are taken. */
  reset(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Lets nothing through, in either direction, without a word. */
  block(): void {
    this.#state = 'blocked';
    for (const { from } of this.#directions) from.pause();
  }

  /** Everything gets through, but later. */
  slow(weather: Weather): void {
    this.#weather = weather;
  }

  /** Everything works again; what was blocked goes on. */
  restore(): void {
    this.#state = 'open';
    this.#weather = {};
    for (const { from } of this.#directions) from.resume();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    this.#keep(client);
    if (this.#state === 'cut') client.destroy();
    else this.#connect(client, shuffled(this.#targets()));
  }

  #connect(client: Socket, [first, ...others]: readonly ProxyTarget[]): void {
    if (first === undefined || this.#state === 'cut') {
      client.destroy();
      return;
    }
    const target = connect({ ...first, noDelay: true });
    this.#keep(target);
    const refused = () => this.#connect(client, others);
    target.once('error', refused);
    target.once('connect', () => {
      target.off('error', refused);
      this.#join(client, target);
    });
  }

  #join(client: Socket, target: Socket): void {
    const answers: Direction = { from: target, to: client, queue: [], underWay: 0 };
    for (const direction of [{ from: client, to: target, queue: [], underWay: 0 }, answers]) {
      const { from, to } = direction;
      this.#directions.add(direction);
      from.on('data', (chunk: Buffer) => {
        if (direction === answers && this.cutBefore?.(chunk)) reset(from, to);
        else this.#carry(direction, chunk);
      });
      from.on('close', () => {
        this.#directions.delete(direction);
        to.destroy();
      });
      if (this.#state === 'blocked') from.pause();
      else from.resume();
    }
    if (client.destroyed) target.destroy();
  }

  #carry(direction: Direction, chunk: Buffer): void {
    const { from, to, queue } = direction;
    const { delayMs = 0, lossRate = 0 } = this.#weather;
    const now = performance.now();
    let at = now + delayMs;
    if (lossRate > 0 && Math.random() < lossRate) {
      if (Math.random() < resetsPerLoss) {
        reset(from, to);
        return;
      }
      at += retransmitMs.least + Math.random() * (retransmitMs.most - retransmitMs.least);
    }
    at = Math.max(at, queue.at(-1)?.at ?? 0);
    if (at <= now && queue.length === 0) {
      if (!to.write(chunk)) this.#untilDrained(from, to);
      return;
    }
    queue.push({ chunk, at });
    direction.underWay += chunk.length;
    if (direction.underWay > maxUnderWay) from.pause();
    if (queue.length === 1) this.#arriveLater(direction, at - now);
  }

  #arriveLater(direction: Direction, ms: number): void {
    const { from, to, queue } = direction;
    setTimeout(() => {
      const now = performance.now();
      for (let [first] = queue; first && first.at <= now; [first] = queue) {
        queue.shift();
        direction.underWay -= first.chunk.length;
        to.write(first.chunk);
      }
      if (queue[0]) this.#arriveLater(direction, queue[0].at - now);
      if (direction.underWay <= maxUnderWay && this.#state === 'open') from.resume();
    }, Math.ceil(ms));
  }

  #untilDrained(from: Socket, to: Socket): void {
    from.pause();
    to.once('drain', () => {
      if (this.#state !== 'blocked') from.resume();
    });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

function reset(...sockets: Socket[]): void {
  for (const socket of sockets) socket.resetAndDestroy();
}

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((value) => ({ value, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ value }) => value);
}
