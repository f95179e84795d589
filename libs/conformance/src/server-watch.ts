import { connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';

/** A server of the installation, as reports name it. */
export interface WatchedServer {
  /** `msg_server 127.0.0.1:8000` */
  name: string;
  host: string;
  port: number;
}

/** Age at which a connection is replaced, because a server may close an idle one, milliseconds. */
const longestIdleMs = 5_000;

/**
 * Notices when a server dies while a case runs, even when it comes back at once: an idle connection to each ends only
 * with the server.
 */
export class ServerWatch {
  readonly #watched: readonly Watched[];

  /** @throws Error when one of them accepts no connection in time */
  static async start(servers: readonly WatchedServer[], deadlineMs: number): Promise<ServerWatch> {
    const watched = servers.map((server) => new Watched(server, deadlineMs));
    const watch = new ServerWatch(watched);
    try {
      await Promise.all(watched.map((each) => each.renew()));
    } catch (error) {
      watch.stop();
      throw error;
    }
    return watch;
  }

  private constructor(watched: readonly Watched[]) {
    this.#watched = watched;
  }

  /** The names of those that died since the watch was started. */
  async died(): Promise<string[]> {
    const ends = await Promise.all(
      this.#watched.map(async (each) => ((await each.isAlive()) ? [] : [each.name])),
    );
    return ends.flat();
  }

  stop(): void {
    for (const each of this.#watched) each.stop();
  }
}

class Watched {
  readonly #server: WatchedServer;
  readonly #deadlineMs: number;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dead = false;
  #stopped = false;

  constructor(server: WatchedServer, deadlineMs: number) {
    this.#server = server;
    this.#deadlineMs = deadlineMs;
  }

  get name(): string {
    return this.#server.name;
  }

  /** Replaces the connection. @throws Error when no new one is accepted in time */
  async renew(): Promise<void> {
    const socket = await open(this.#server, this.#deadlineMs);
    // Events of the former connection have been handled by now.
    await setImmediate();
    this.#close();
    if (this.#stopped) {
      socket.destroy();
      return;
    }
    this.#socket = socket;
    socket.once('close', () => {
      if (this.#socket === socket) this.#dead = true;
    });
    this.#timer = setTimeout(() => {
      this.renew().catch(() => {
        this.#dead = true;
      });
    }, longestIdleMs);
  }

  async isAlive(): Promise<boolean> {
    // Opening a new connection detects a death that the idle one has not reported yet.
    if (!this.#dead) await this.renew().catch(() => (this.#dead = true));
    return !this.#dead;
  }

  stop(): void {
    this.#stopped = true;
    this.#close();
  }

  #close(): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.destroy();
  }
}

/** @throws Error when no connection is accepted in time */
function open({ name, host, port }: WatchedServer, deadlineMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const fail = (cause?: Error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(new Error(`${name} refuses connections`, { cause }));
    };
    const timer = setTimeout(fail, deadlineMs);
    socket.once('error', fail);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      // `close` follows and is handled.
      socket.on('error', () => {});
      // Without reading, `end` is not emitted.
      socket.resume();
      resolve(socket);
    });
  });
}
