import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { NatsServer } from './nats-server.js';
import { freePort } from './ports.js';
import { send, stopProcess } from './processes.js';
import { waitUntil } from './wait-until.js';

export interface NatsClusterOptions {
  /** false: clients are not told of servers that are not in their NATS_URL */
  advertise?: boolean;
  /** Further lines of each server's configuration. */
  settings?: readonly string[];
}

interface Member {
  readonly port: number;
  readonly routePort: number;
  server: NatsServer | undefined;
}

/**
 * A NATS cluster on the loopback address, each server a process of its own that can be killed, frozen and
 * started again on the same port.
 *
 *     const nats = await NatsCluster.start();
 *     ... NATS_URL: nats.url ...
 *     await nats.kill(0);
 *     await nats.startServer(0);
 *     await nats.stop();
 */
export class NatsCluster {
  readonly #dir: string;
  readonly #advertise: boolean;
  readonly #settings: readonly string[];
  readonly #members: readonly Member[];

  /** Starts `size` servers; resolves when each is linked to all others. */
  static async start(
    size = 3,
    { advertise = true, settings = [] }: NatsClusterOptions = {},
  ): Promise<NatsCluster> {
    const dir = await mkdtemp(path.join(tmpdir(), `teamtalk-test-${process.pid}-`));
    const taken = new Set<number>();
    const nextPort = async () => {
      let port = await freePort(0);
      while (taken.has(port)) port = await freePort(0);
      taken.add(port);
      return port;
    };
    const members: Member[] = [];
    for (let i = 0; i < size; i++) {
      members.push({ port: await nextPort(), routePort: await nextPort(), server: undefined });
    }
    const cluster = new NatsCluster(dir, members, advertise, settings);
    try {
      for (let i = 0; i < size; i++) await cluster.startServer(i);
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  private constructor(
    dir: string,
    members: readonly Member[],
    advertise: boolean,
    settings: readonly string[],
  ) {
    this.#dir = dir;
    this.#advertise = advertise;
    this.#settings = settings;
    this.#members = members;
  }

  /** One URL for each server. */
  get urls(): string[] {
    return this.#members.map(({ port }) => `nats://127.0.0.1:${port}`);
  }

  /** All of them, as NATS_URL takes them. */
  get url(): string {
    return this.urls.join(',');
  }

  /** kill -9. */
  async kill(i: number): Promise<void> {
    const member = this.#members[i]!;
    if (member.server) await stopProcess(member.server.pid, 'SIGKILL', 5_000);
    member.server = undefined;
  }

  /** SIGSTOP or SIGCONT: a server that takes connections and bytes, and does nothing with them. */
  signal(i: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
    const { server } = this.#members[i]!;
    if (server) send(server.pid, signal);
  }

  /** Starts a server that was killed; resolves when it is linked to all others that run. */
  async startServer(i: number): Promise<void> {
    const member = this.#members[i]!;
    const others = this.#members.filter((each) => each !== member);
    const monitorPort = await freePort(0);
    member.server = await NatsServer.start({
      dir: path.join(this.#dir, `nats-${i}`),
      port: member.port,
      logFile: path.join(this.#dir, `nats-${i}.log`),
      settings: [
        `server_name: "nats-${i}"`,
        `http: "127.0.0.1:${monitorPort}"`,
        'cluster {',
        '  name: "test"',
        `  no_advertise: ${!this.#advertise}`,
        `  listen: "127.0.0.1:${member.routePort}"`,
        `  routes: [${others.map(({ routePort }) => `"nats://127.0.0.1:${routePort}"`).join(', ')}]`,
        '}',
        ...this.#settings,
      ],
    });
    if (member.server.port !== member.port) {
      throw new Error(`port ${member.port} of NATS server ${i} was taken meanwhile`);
    }
    const running = others.filter(({ server }) => server !== undefined).length;
    await waitUntil(async () => (await linkedServers(monitorPort)) === running, {
      timeoutMs: 20_000,
      what: `NATS server ${i} linked to ${running} others`,
    });
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#members.map(async ({ server }) => {
        if (!server) return;
        send(server.pid, 'SIGCONT');
        await server.stop();
      }),
    );
    await rm(this.#dir, { recursive: true, force: true });
  }
}

async function linkedServers(monitorPort: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${monitorPort}/routez`);
  const { routes = [] } = (await response.json()) as { routes?: { remote_name?: string }[] };
  return new Set(routes.map((route) => route.remote_name)).size;
}
