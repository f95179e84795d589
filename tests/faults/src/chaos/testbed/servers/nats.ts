import path from 'node:path';
import { natsUsers } from '@teamtalk/cluster';
import { NatsCluster, NatsServer, stopProcess } from '@teamtalk/local-stack';
import { type Backend, local, type ServerProcess } from './backend.js';

export class SingleNats implements Backend, ServerProcess {
  readonly name = 'nats';
  readonly addresses = [() => this.current()];
  readonly urlAt = natsUrlAt;
  readonly #dir: string;
  #server!: NatsServer;

  static async start(dir: string): Promise<SingleNats> {
    const nats = new SingleNats(dir);
    await nats.start();
    return nats;
  }

  private constructor(dir: string) {
    this.#dir = dir;
  }

  current() {
    return [local(this.#server.port)];
  }

  process(): ServerProcess {
    return this;
  }

  async start(): Promise<void> {
    this.#server = await NatsServer.start({
      dir: path.join(this.#dir, 'nats'),
      port: 0,
      logFile: path.join(this.#dir, 'nats.log'),
      settings: natsUsers,
    });
  }

  async kill(): Promise<void> {
    await stopProcess(this.#server.pid, 'SIGKILL', 5_000);
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.#server.pid, signal);
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }
}

/** Three NATS servers; clients of one that is down connect to another. */
export class NatsNodes implements Backend {
  readonly addresses;
  readonly urlAt = natsUrlAt;
  readonly #cluster: NatsCluster;

  static async start(): Promise<NatsNodes> {
    // Services must not learn the addresses behind the proxies.
    return new NatsNodes(await NatsCluster.start(3, { advertise: false, settings: natsUsers }));
  }

  private constructor(cluster: NatsCluster) {
    this.#cluster = cluster;
    this.addresses = cluster.urls.map((url) => () => [local(Number(new URL(url).port))]);
  }

  current() {
    return this.addresses.flatMap((address) => address());
  }

  process(k: number): ServerProcess {
    return {
      name: `nats ${k}`,
      kill: () => this.#cluster.kill(k),
      start: () => this.#cluster.startServer(k),
      signal: (signal) => this.#cluster.signal(k, signal),
    };
  }

  stop(): Promise<void> {
    return this.#cluster.stop();
  }
}

function natsUrlAt(ports: readonly number[]): string {
  return ports.map((port) => `nats://127.0.0.1:${port}`).join(',');
}
