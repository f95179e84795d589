import { existsSync } from 'node:fs';
import path from 'node:path';
import { freePort } from './ports.js';
import { firstAnswer, ServerProcess, stopStaleServer } from './server-process.js';
import { prepareDataDir, serviceAccount } from './service-account.js';

export interface RedisServerOptions {
  /** for its snapshot; made when it does not exist */
  dataDir: string;
  /** the next free one is taken when it is in use; 0: the system chooses */
  port: number;
  logFile: string;
  /** Settings besides those every server gets, or in their place. */
  settings?: Readonly<Record<string, string>>;
}

/** A Redis server of our own on the loopback address, from Debian's package, which keeps snapshots and no log. */
export class RedisServer {
  readonly port: number;
  readonly #process: ServerProcess;

  /**
   * Starts a server on the data folder; one that an earlier owner of the folder left running is stopped first.
   * @throws Error when there is no Redis on this machine, or with the end of its log when it does not start
   */
  static async start(options: RedisServerOptions): Promise<RedisServer> {
    const program = findProgram();
    const account = await serviceAccount(options.dataDir, ['redis', 'nobody']);
    const dataDir = await prepareDataDir(options.dataDir, account);
    const pidFile = path.join(dataDir, 'server.pid');
    // A Redis titles itself by its program and address.
    await stopStaleServer(pidFile, 'redis-server');
    const port = await freePort(options.port);
    const settings = {
      dir: dataDir,
      pidfile: pidFile,
      bind: '127.0.0.1',
      port: String(port),
      appendonly: 'no',
      save: '900 1 300 10 60 10000',
      ...options.settings,
    };
    const process = await ServerProcess.start({
      name: 'Redis',
      program,
      words: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
      account,
      cwd: dataDir,
      logFile: options.logFile,
      // While it reads its snapshot it answers an error.
      isReady: async () => (await firstAnswer(port, 'PING\r\n'))?.toString().startsWith('+PONG') ?? false,
    });
    return new RedisServer(port, process);
  }

  private constructor(port: number, process: ServerProcess) {
    this.port = port;
    this.#process = process;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Without a database number. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Ends the server; what it has stays in its snapshot. */
  stop(): Promise<void> {
    return this.#process.end('SIGTERM');
  }

  /** Ends it with kill -9: what came since the last snapshot is lost. */
  kill(): Promise<void> {
    return this.#process.end('SIGKILL');
  }
}

/** `npm run test:full` installs it: Debian's package where it can. */
function findProgram(): string {
  if (process.env.REDIS_SERVER) return process.env.REDIS_SERVER;
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/bin', '/usr/local/bin'];
  const program = folders.map((folder) => path.join(folder, 'redis-server')).find((file) => existsSync(file));
  if (program) return program;
  throw new Error(
    'there is no redis-server on this machine: run `npm run test:full`, or install redis-server',
  );
}
