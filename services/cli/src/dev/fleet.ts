import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { type ServiceName, traitsOf } from '@teamtalk/local-stack';
import { type Addresses, inUrl, isWildcard } from './addresses.js';
import type { PlannedReplica } from './port-plan.js';
import { Replica } from './replica.js';
import type { ProcessEntry } from './run-files.js';
import { ServiceLog } from './service-log.js';

export interface FleetOptions {
  planned: readonly PlannedReplica[];
  addresses: Addresses;
  databaseUrl: string;
  natsUrl: string;
  /** of the users that bear the services' names; undefined: as the environment says */
  natsPasswords: Readonly<Record<ServiceName, string>> | undefined;
  /** key that encrypts the console's secrets */
  consoleKey: string;
  logFolder: string;
  /** where files are kept, unless STORAGE_DIR says otherwise */
  storageFolder: string;
  /** The list of running processes has changed. */
  onChange: (entries: ProcessEntry[]) => void;
  say: (line: string) => void;
}

const upMs = 60_000;
const lookMs = 1_000;
/** How long each tier may take to stop by itself; with NATS and PostgreSQL that stays below 15 s. */
const stopTierMs = [3_500, 6_500] as const;

/** All services of the installation, each replica a process. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #replicas: Replica[] = [];
  readonly #logs: ServiceLog[] = [];
  readonly #timer: NodeJS.Timeout;
  /** With which the console uploads pictures. */
  readonly #uploadToken = randomBytes(16).toString('hex');
  #looking: Promise<void> = Promise.resolve();

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      this.#looking = this.#looking.then(() => this.#look());
    }, lookMs);
  }

  /**
   * Starts everything, what others depend on first, and waits until all are ready.
   * @throws Error naming what does not come up within a minute; `stop` is then still to be called
   */
  async start(signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + upMs;
    for (const tier of [0, 1] as const) {
      const starting = this.#options.planned.filter(({ service }) => traitsOf(service).tier === tier);
      const replicas = starting.map((each) => this.#launch(each));
      await this.#within(deadline, signal, Promise.all(replicas.map(({ up }) => up)));
    }
    await this.#untilReady(deadline, signal);
  }

  /** In the opposite order, those of a tier together. */
  async stop(): Promise<void> {
    for (const tier of [1, 0] as const) {
      const replicas = this.#replicas.filter(({ planned }) => traitsOf(planned.service).tier === tier);
      await Promise.all(replicas.map((replica) => replica.stop(stopTierMs[tier])));
    }
    clearInterval(this.#timer);
    await this.#looking;
    await this.#look();
  }

  /** Kills all of them. */
  kill(): void {
    for (const replica of this.#replicas) replica.kill();
  }

  #launch(planned: PlannedReplica): Replica {
    const { databaseUrl, natsUrl, natsPasswords, consoleKey, logFolder, storageFolder, say } = this.#options;
    const log = new ServiceLog(logFolder, `${planned.service}-${planned.replica}`, say);
    const { bus, database, storage } = traitsOf(planned.service);
    const replica = new Replica({
      ...planned,
      log,
      env: {
        ...process.env,
        ...this.#waysIn(),
        DATABASE_URL: database ? databaseUrl : undefined,
        ...(bus && { NATS_URL: natsUrl }),
        ...(bus &&
          natsPasswords && { NATS_USER: planned.service, NATS_PASSWORD: natsPasswords[planned.service] }),
        ...(database && { CONSOLE_SECRETS_KEY: process.env.CONSOLE_SECRETS_KEY || consoleKey }),
        // The console has no TLS here, so it listens on the loopback address only.
        ...(planned.service === 'admin_server' && {
          HTTP_HOST: '127.0.0.1',
          MSFS_UPLOAD_TOKEN: process.env.MSFS_UPLOAD_TOKEN || this.#uploadToken,
        }),
        ...(planned.service === 'msfs' && { MSFS_UPLOAD_TOKENS: this.#uploadTokens() }),
        ...(storage && { STORAGE_DIR: process.env.STORAGE_DIR || storageFolder }),
        SHUTDOWN_SECONDS: process.env.SHUTDOWN_SECONDS ?? '6',
        ...(planned.service === 'msg_server' && { DRAIN_SPREAD_MS: process.env.DRAIN_SPREAD_MS ?? '2000' }),
      },
      onChange: () => this.#options.onChange(this.#running()),
      say,
    });
    this.#logs.push(log);
    this.#replicas.push(replica);
    return replica;
  }

  /** With that of the console, if it has no other. */
  #uploadTokens(): string {
    const { MSFS_UPLOAD_TOKEN, MSFS_UPLOAD_TOKENS } = process.env;
    return [MSFS_UPLOAD_TOKENS, MSFS_UPLOAD_TOKEN ? '' : this.#uploadToken].filter(Boolean).join();
  }

  /** Where services listen, and what clients are told; what only our own programs dial is not for other machines. */
  #waysIn(): Record<string, string> {
    const { planned, addresses } = this.#options;
    const { listen, advertised } = addresses;
    const {
      ADVERTISE_IP,
      ADVERTISE_IP1,
      DISCOVERY_URL,
      MSFS_PRIOR_URL,
      MSFS_BACKUP_URL,
      MSFS_URL,
      WEB_SOCKET_URLS,
      FILE_SERVER_URL,
    } = process.env;
    const [prior, backup] = planned
      .filter(({ service }) => service === 'msfs')
      .map(({ ports }) => `http://${inUrl(advertised)}:${ports.http}/`);
    const webSockets = planned
      .filter(({ service }) => service === 'msg_server')
      .map(({ ports }) => `ws://${inUrl(advertised)}:${ports.ws}/`);
    const api = planned.find(({ service }) => service === 'http_msg_server')?.ports.http;
    const files = planned.find(({ service }) => service === 'file_server')?.ports.ws;
    return {
      ...this.#keyless(),
      CLIENT_HOST: listen,
      HTTP_HOST: listen,
      TCP_HOST: listen,
      GRPC_HOST: '127.0.0.1',
      OPS_HOST: '127.0.0.1',
      ADVERTISE_IP: ADVERTISE_IP || advertised,
      ADVERTISE_IP1: ADVERTISE_IP1 || advertised,
      DISCOVERY_URL: DISCOVERY_URL || (api ? `http://${inUrl(advertised)}:${api}/api/discovery` : ''),
      MSFS_PRIOR_URL: MSFS_PRIOR_URL || prior || '',
      MSFS_BACKUP_URL: MSFS_BACKUP_URL || (MSFS_PRIOR_URL ? '' : (backup ?? '')),
      MSFS_URL: MSFS_URL || MSFS_PRIOR_URL || prior || '',
      WEB_SOCKET_URLS: WEB_SOCKET_URLS || webSockets.join(','),
      FILE_SERVER_URL: FILE_SERVER_URL || (files ? `ws://${inUrl(advertised)}:${files}/` : ''),
    };
  }

  /** Programs on this machine that dial the given address come from it, not from the loopback one. */
  #keyless(): Record<string, string> {
    const { listen } = this.#options.addresses;
    if (process.env.HTTP_KEYLESS_ADDRESSES || isWildcard(listen)) return {};
    return { HTTP_KEYLESS_ADDRESSES: `127.0.0.0/8,::1,${listen}` };
  }

  #running(): ProcessEntry[] {
    return this.#replicas.flatMap(({ planned: { service, replica }, running }) =>
      running ? [{ service, replica, pid: running.pid, ports: running.ports }] : [],
    );
  }

  async #untilReady(deadline: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const lacking = (await Promise.all(this.#replicas.map((replica) => replica.readiness()))).filter(
        (answer) => answer !== true,
      );
      if (lacking.length === 0) return;
      if (performance.now() > deadline) throw new Error(`not everything is ready:\n${lacking.join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async #within(deadline: number, signal: AbortSignal, work: Promise<unknown>): Promise<void> {
    let stop = () => {};
    const end = new Promise<never>((_, reject) => {
      const timer = setTimeout(() => reject(this.#notUp()), deadline - performance.now());
      const abort = () => reject(signal.reason as Error);
      signal.addEventListener('abort', abort);
      stop = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
      };
    });
    try {
      signal.throwIfAborted();
      await Promise.race([work, end]);
    } finally {
      stop();
    }
  }

  #notUp(): Error {
    const names = this.#replicas.filter(({ running }) => !running).map(({ name }) => name);
    return new Error(
      `${names.join(', ')} did not come up within ${upMs / 1000} s; see ${path.relative('.', this.#options.logFolder)}`,
    );
  }

  async #look(): Promise<void> {
    for (const log of this.#logs) {
      await log.look().catch((error: unknown) => this.#options.say(`${log.file}: ${String(error)}`));
    }
  }
}
