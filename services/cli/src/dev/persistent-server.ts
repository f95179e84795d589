import { isPortFree } from '@teamtalk/local-stack';
import { RestartDelay } from './restart-delay.js';

/** A PostgreSQL or NATS that this command runs. */
interface Server {
  readonly pid: number;
  readonly port: number;
  readonly url: string;
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}

/** A server that is started again, on the same port, when it dies. */
export class PersistentServer {
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
  ): Promise<PersistentServer> {
    const server = await start(port);
    if (server.port !== port) say(`${name}: port ${port} is in use, so it is ${server.port}`);
    return new PersistentServer(name, server, start, say);
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

  /** On the same port: its users know no other. */
  async #restart(): Promise<void> {
    const { port } = this.#server;
    let isTold = false;
    while (!this.#stopping) {
      await new Promise((resolve) => setTimeout(resolve, this.#delay.died()));
      if (this.#stopping) return;
      if (!(await isPortFree(port))) {
        if (!isTold) this.#say(portTaken(this.#name, port));
        isTold = true;
        continue;
      }
      try {
        const server = await this.#start(port);
        // Asked to stop while it was starting, or the port was taken in that moment.
        if (this.#stopping || server.port !== port) await server.stop();
        if (server.port !== port) continue;
        this.#server = server;
        return;
      } catch (error) {
        this.#say(`${this.#name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
}

/** The message about a server that waits for its port. */
export function portTaken(name: string, port: number): string {
  return `${name}: port ${port} is in use by another program; ${name} is started when it is free`;
}
