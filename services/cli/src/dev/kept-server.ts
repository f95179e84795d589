import { RestartDelay } from './restart-delay.js';

/** A PostgreSQL or NATS of ours. */
interface Server {
  readonly pid: number;
  readonly port: number;
  readonly url: string;
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}

/** A server that is started again, on the same port, when it dies. */
export class KeptServer {
  readonly url: string;
  readonly #name: string;
  readonly #start: (port: number) => Promise<Server>;
  readonly #say: (line: string) => void;
  readonly #delay = new RestartDelay();
  #server: Server;
  #stopping = false;

  /** @throws what `start` throws the first time */
  static async start(
    name: string,
    port: number,
    start: (port: number) => Promise<Server>,
    say: (line: string) => void,
  ): Promise<KeptServer> {
    const server = await start(port);
    if (server.port !== port) say(`${name}: port ${port} is in use, so it is ${server.port}`);
    return new KeptServer(name, server, start, say);
  }

  private constructor(
    name: string,
    server: Server,
    start: (port: number) => Promise<Server>,
    say: (line: string) => void,
  ) {
    this.#name = name;
    this.url = server.url;
    this.#start = start;
    this.#say = say;
    this.#server = server;
    void this.#keep();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#server.stop();
  }

  async #keep(): Promise<void> {
    for (;;) {
      this.#delay.started();
      await this.#server.exited;
      if (this.#stopping) return;
      this.#say(`${this.#name} has ended; it is started again`);
      await this.#restart();
    }
  }

  async #restart(): Promise<void> {
    while (!this.#stopping) {
      await new Promise((resolve) => setTimeout(resolve, this.#delay.died()));
      if (this.#stopping) return;
      try {
        const server = await this.#start(this.#server.port);
        this.#server = server;
        // Asked to stop while it was on its way up.
        if (this.#stopping) await server.stop();
        return;
      } catch (error) {
        this.#say(`${this.#name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
}
