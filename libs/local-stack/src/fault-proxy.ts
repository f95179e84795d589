import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** How bytes travel while nothing is cut. */
export interface NetworkConditions {
  /** every chunk comes this much later, milliseconds */
  delayMs?: number;
  /**
   * 0 to 1: the share of chunks that are lost. As with TCP, a lost chunk arrives a retransmission timeout later, and
   * later chunks not before it; one loss in fifty resets the connection.
   */
  lossRate?: number;
}

/** Where connections go. */
export interface ProxyTarget {
  host: string;
  port: number;
}

/** Which way bytes go through a proxy. */
export type Heading = 'to-target' | 'to-client';

interface Direction {
  heading: Heading;
  from: Socket;
  to: Socket;
  /** chunks on their way, and when they arrive: performance.now(), ascending, for bytes do not overtake each other */
  readonly queue: { chunk: Buffer; at: number }[];
  /** bytes in it */
  inFlight: number;
}

const bothWays: readonly Heading[] = ['to-target', 'to-client'];
const retransmitMs = { least: 200, most: 800 };
const resetsPerLoss = 1 / 50;
/** Bytes on their way in one direction; beyond, nothing more is read. */
const maxInFlight = 4 * 1024 * 1024;

/**
 * A TCP proxy with faults on demand. With several targets it acts as a load balancer: each connection goes to a random
 * one that accepts it.
 */
export class FaultProxy {
  readonly #server: Server;
  readonly #targets: () => readonly ProxyTarget[];
  readonly #directions = new Set<Direction>();
  readonly #sockets = new Set<Socket>();
  #isCut = false;
  readonly #blocked = new Set<Heading>();
  #conditions: NetworkConditions = {};
  /** Sees what a target sends before the client gets it; true: the connection is cut instead. */
  cutBefore: ((bytes: Buffer) => boolean) | undefined;
  /** Told of each client that connects, before anything of it gets through. */
  onConnect: (() => void) | undefined;
  /** Sees what goes on its way, in either direction, before it does. */
  onBytes: ((heading: Heading, bytes: Buffer) => void) | undefined;

  /** @param targets asked for each connection */
  static async start(targets: () => readonly ProxyTarget[]): Promise<FaultProxy> {
    const proxy = new FaultProxy(targets);
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
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Breaks every connection; new ones are taken. */
  reset(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Silently blocks one or both directions. */
  block(...headings: Heading[]): void {
    for (const heading of headings.length > 0 ? headings : bothWays) this.#blocked.add(heading);
    for (const { from, heading } of this.#directions) if (this.#blocked.has(heading)) from.pause();
  }

  /** Applies network conditions. */
  slow(conditions: NetworkConditions): void {
    this.#conditions = conditions;
  }

  /** Removes all faults; blocked bytes are delivered. */
  restore(): void {
    this.#isCut = false;
    this.#blocked.clear();
    this.#conditions = {};
    for (const { from } of this.#directions) from.resume();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    this.#keep(client);
    this.onConnect?.();
    if (this.#isCut) client.destroy();
    else this.#connect(client, shuffled(this.#targets()));
  }

  #connect(client: Socket, [first, ...others]: readonly ProxyTarget[]): void {
    if (first === undefined || this.#isCut) {
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
    const ways: Direction[] = [
      { heading: 'to-target', from: client, to: target, queue: [], inFlight: 0 },
      { heading: 'to-client', from: target, to: client, queue: [], inFlight: 0 },
    ];
    for (const direction of ways) {
      const { heading, from, to } = direction;
      this.#directions.add(direction);
      from.on('data', (chunk: Buffer) => {
        this.onBytes?.(heading, chunk);
        if (heading === 'to-client' && this.cutBefore?.(chunk)) reset(from, to);
        else this.#carry(direction, chunk);
      });
      from.on('close', () => {
        this.#directions.delete(direction);
        to.destroy();
      });
      if (this.#blocked.has(heading)) from.pause();
      else from.resume();
    }
    if (client.destroyed) target.destroy();
  }

  #carry(direction: Direction, chunk: Buffer): void {
    const { from, to, queue } = direction;
    const { delayMs = 0, lossRate = 0 } = this.#conditions;
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
      if (!to.write(chunk)) this.#untilDrained(direction);
      return;
    }
    queue.push({ chunk, at });
    direction.inFlight += chunk.length;
    if (direction.inFlight > maxInFlight) from.pause();
    if (queue.length === 1) this.#arriveLater(direction, at - now);
  }

  #arriveLater(direction: Direction, ms: number): void {
    const { heading, from, to, queue } = direction;
    setTimeout(() => {
      const now = performance.now();
      for (let [first] = queue; first && first.at <= now; [first] = queue) {
        queue.shift();
        direction.inFlight -= first.chunk.length;
        to.write(first.chunk);
      }
      if (queue[0]) this.#arriveLater(direction, queue[0].at - now);
      if (direction.inFlight <= maxInFlight && !this.#blocked.has(heading)) from.resume();
    }, Math.ceil(ms));
  }

  #untilDrained({ heading, from, to }: Direction): void {
    from.pause();
    to.once('drain', () => {
      if (!this.#blocked.has(heading)) from.resume();
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
