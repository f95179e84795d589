import path from 'node:path';
import { isAlive, PostgresPair, PostgresServer } from '@teamtalk/local-stack';
import { type Backend, local, type ServerProcess } from './backend.js';

/** One durable PostgreSQL. */
export class SinglePostgres implements Backend, ServerProcess {
  readonly name = 'postgres';
  readonly addresses = [() => this.current()];
  readonly #dataDir: string;
  readonly #logFile: string;
  #server!: PostgresServer;

  static async start(dataDir: string, logFile: string): Promise<SinglePostgres> {
    const postgres = new SinglePostgres(dataDir, logFile);
    await postgres.start();
    return postgres;
  }

  private constructor(dataDir: string, logFile: string) {
    this.#dataDir = dataDir;
    this.#logFile = logFile;
  }

  get isRunning(): boolean {
    return isAlive(this.#server.pid);
  }

  current() {
    return [local(this.#server.port)];
  }

  urlAt([port]: readonly number[]): string {
    const url = new URL(this.#server.url);
    url.port = String(port);
    return url.toString();
  }

  process(): ServerProcess {
    return this;
  }

  /** On the same data. */
  async start(): Promise<void> {
    this.#server = await PostgresServer.start({
      dataDir: this.#dataDir,
      port: 0,
      logFile: this.#logFile,
      durable: true,
    });
  }

  kill(): Promise<void> {
    return this.#server.kill();
  }

  signal(signal: NodeJS.Signals): void {
    this.#server.signal(signal);
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }
}

/** A primary and a synchronous standby, which takes over when the primary is killed. */
export class PostgresFailover implements Backend {
  readonly addresses;
  readonly pair: PostgresPair;

  static async start(dir: string): Promise<PostgresFailover> {
    return new PostgresFailover(await PostgresPair.start({ dir: path.join(dir, 'pair') }));
  }

  private constructor(pair: PostgresPair) {
    this.pair = pair;
    this.addresses = pair.ports.map((port) => () => [local(port)]);
  }

  current() {
    return [local(this.pair.primary.port)];
  }

  urlAt(ports: readonly number[]): string {
    const url = new URL(this.pair.primary.url);
    const hosts = ports.map((port) => `127.0.0.1:${port}`).join(',');
    const attributes = ports.length > 1 ? '?target_session_attrs=read-write' : '';
    return `postgres://${url.username}:${url.password}@${hosts}${url.pathname}${attributes}`;
  }

  /**
   * @param k 0: the current primary, whose start after a kill is the standby's promotion; 1: the standby, which
   * commits wait for
   */
  process(k: number): ServerProcess {
    const pair = this.pair;
    let stopped = pair.primary;
    return {
      name: 'postgres',
      kill: () => (k === 0 ? pair.killPrimary() : pair.standby.kill()),
      async start() {
        if (k === 0) await pair.promote();
        await pair.rejoin();
      },
      signal(signal) {
        if (signal === 'SIGSTOP') stopped = k === 0 ? pair.primary : pair.standby;
        stopped.signal(signal);
      },
    };
  }

  stop(): Promise<void> {
    return this.pair.stop();
  }
}
