import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Bus } from '@teamtalk/bus';
import { type ClientOptions, type Credentials, TeamTalkClient } from '@teamtalk/client';
import { addApp, addUser, type NewApp, openDataSource } from '@teamtalk/db_proxy_server';
import {
  type Infrastructure,
  isAlive,
  LocalInfrastructure,
  loginFrame,
  openInfrastructure,
  RawConnection,
  type ServiceName,
  serviceNames,
  type TestDatabase,
  type TestNats,
  traitsOf,
  waitUntil,
} from '@teamtalk/local-stack';
import { ClientType, Commands, type IM } from '@teamtalk/protocol';
import { createLogger, type Logger, Metrics, sumOf } from '@teamtalk/service-kit';
import { cheapHash, serviceEnvironment } from './environment.js';
import { asService, migrate } from './migrate.js';
import { withUsers } from './nats-users.js';
import { ClusterNode, type Mode } from './node.js';
import { untilAllHeartbeats, untilReady } from './readiness.js';

export interface ClusterOptions extends Partial<Record<ServiceName, number>> {
  mode?: Mode;
  /** variables for every service; for one service only, put them into `envOf` */
  env?: Readonly<Record<string, string>>;
  envOf?: Partial<Record<ServiceName, Readonly<Record<string, string>>>>;
  /** variables for one instance, asked for whenever it is started */
  envFor?: (service: ServiceName, k: number, cluster: TestCluster) => Readonly<Record<string, string>>;
  /** its PostgreSQL and NATS, when not those of the test run; closed with the cluster */
  infrastructure?: Infrastructure;
  /** Node's own options for a service's processes, such as --cpu-prof */
  nodeOptionsOf?: Partial<Record<ServiceName, readonly string[]>>;
  /** the folder of another checkout of this repository, built, whose processes run at first (mode `processes`) */
  checkout?: string;
  /** all services share one NATS and one PostgreSQL user, as in older checkouts */
  sharedUsers?: boolean;
  /** where processes append their output to SERVICE.log, instead of to ours (mode `processes`) */
  logFolder?: string;
  /** takes the place of the logs of services that run in this process */
  log?: Logger;
}

export interface ConnectOptions extends Partial<Omit<Credentials, 'name'>> {
  /** index of the msg_server; the first one when left out */
  server?: number;
  client?: Partial<Omit<ClientOptions, 'host' | 'port' | 'loginServer'>>;
}

interface RawLogin {
  /** index of the msg_server */
  server?: number;
  clientType?: IM.BaseDefine.ClientType;
  deadlineMs?: number;
}

type DataSource = Awaited<ReturnType<typeof openDataSource>>;

/** Password of all test users by default. */
export const testPassword = '123456';

/**
 * A whole installation on a real PostgreSQL and a real NATS: any number of each service, on ports that the
 * system chooses, with a database and a NATS prefix of its own.
 *
 *     const cluster = await TestCluster.start({ msg_server: 2 });
 *     await cluster.addUsers(['a', 'b']);
 *     const a = await cluster.connect('a');
 *     const b = await cluster.connect('b', { server: 1 });
 *     ...
 *     await cluster.stop();
 */
export class TestCluster {
  readonly database: TestDatabase;
  readonly nats: TestNats;
  /** The installation's bus, to listen to or to speak on. */
  readonly bus: Bus;
  /** Where its services keep files, unless STORAGE says otherwise; gone with the cluster. */
  readonly storageFolder: string;
  /** From where processes are started from now on; undefined: from this checkout. */
  checkout: string | undefined;
  readonly #infrastructure: Infrastructure;
  readonly #dataSource: DataSource;
  readonly #options: ClusterOptions;
  readonly #nodes = new Map<ServiceName, ClusterNode[]>(serviceNames.map((name) => [name, []]));
  readonly #stopped = new Set<ClusterNode>();
  readonly #clients: TeamTalkClient[] = [];
  readonly #connections: RawConnection[] = [];

  /**
   * Starts one db_proxy_server, route_server and msg_server and none of the others, unless told otherwise,
   * and waits until all are ready and have discovered each other.
   */
  static async start(options: ClusterOptions = {}): Promise<TestCluster> {
    const infrastructure =
      options.infrastructure ?? openInfrastructure() ?? new LocalInfrastructure(migrate, withUsers);
    const database = await infrastructure.database();
    const nats = await infrastructure.nats();
    const log = createLogger({ service: 'test_cluster', instance: 0, level: 'silent' });
    const bus = await Bus.connect({
      ...nats,
      name: 'test_cluster',
      log,
      metrics: new Metrics('test_cluster'),
    });
    const dataSource = await openDataSource(database.url);
    const storageFolder = await mkdtemp(path.join(tmpdir(), 'teamtalk-storage-'));
    const cluster = new TestCluster(infrastructure, database, nats, bus, storageFolder, dataSource, options);
    try {
      await cluster.#startAll();
      return cluster;
    } catch (error) {
      await cluster.stop().catch(() => {});
      throw error;
    }
  }

  private constructor(
    infrastructure: Infrastructure,
    database: TestDatabase,
    nats: TestNats,
    bus: Bus,
    storageFolder: string,
    dataSource: DataSource,
    options: ClusterOptions,
  ) {
    this.#infrastructure = infrastructure;
    this.database = database;
    this.nats = nats;
    this.bus = bus;
    this.storageFolder = storageFolder;
    this.#dataSource = dataSource;
    this.#options = options;
    this.checkout = options.checkout;
  }

  /** Those it has instances of, in the order of starting. */
  get services(): ServiceName[] {
    return serviceNames.filter((name) => this.#nodes.get(name)!.length > 0);
  }

  /** The k-th instance of a service, dead ones counted: an index means the same one for ever. */
  node(service: ServiceName, k = 0): ClusterNode {
    const node = this.#nodes.get(service)?.[k];
    if (!node) throw new Error(`the cluster has no ${service} ${k}`);
    return node;
  }

  port(service: ServiceName, k: number, name: string): number {
    const port = this.node(service, k).ports[name];
    if (port === undefined) throw new Error(`${service} has no port ${name}`);
    return port;
  }

  /** How many of a service were started so far. */
  count(service: ServiceName): number {
    return this.#nodes.get(service)?.length ?? 0;
  }

  /** The base URL of a service that speaks HTTP. */
  url(service: ServiceName, k = 0): string {
    return `http://127.0.0.1:${this.port(service, k, 'http')}`;
  }

  /**
   * Starts one more of a service and waits until it is ready.
   * @param env for this one only
   * @returns its index
   */
  async add(service: ServiceName, env: Readonly<Record<string, string>> = {}): Promise<number> {
    const nodes = this.#nodes.get(service)!;
    const node = await this.#launch(service, nodes.length, env);
    nodes.push(node);
    await untilReady([node]);
    return nodes.length - 1;
  }

  /**
   * Starts a new instance in place of one that was stopped or killed, on its ports.
   * @param env for this one only
   */
  async restart(service: ServiceName, k: number, env: Readonly<Record<string, string>> = {}): Promise<void> {
    const dead = this.node(service, k);
    if (!this.#stopped.has(dead)) throw new Error(`${service} ${k} still runs`);
    const ports = Object.entries(traitsOf(service).ports).map(([name, { variable }]) => {
      return [variable, String(dead.ports[name] ?? 0)];
    });
    const node = await this.#launch(service, k, { ...Object.fromEntries(ports), ...env });
    this.#nodes.get(service)![k] = node;
    await untilReady([node]);
  }

  /**
   * Sends a signal to a process (mode `processes`) and, unless it is SIGSTOP or SIGCONT, waits for its end.
   */
  async kill(service: ServiceName, k = 0, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const node = this.node(service, k);
    await node.signal(signal);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') this.#stopped.add(node);
  }

  /** Shuts one instance down gracefully, in either mode. */
  async stopNode(service: ServiceName, k = 0): Promise<void> {
    const node = this.node(service, k);
    this.#stopped.add(node);
    await node.stop();
  }

  /** Adds users straight to the database, all with `testPassword`. @returns their ids, by name */
  async addUsers<const N extends string>(names: readonly N[]): Promise<Record<N, number>> {
    const ids = {} as Record<N, number>;
    for (const name of names) {
      ids[name] = await addUser(this.#dataSource, { name, password: testPassword }, cheapHash);
    }
    return ids;
  }

  /** Adds an app that may call the HTTP API, by default to send only. @returns its key */
  addApp(name: string, app: Partial<Omit<NewApp, 'name'>> = {}): Promise<string> {
    const permissions = ['p2p', 'broadcast', 'group', 'groups:admin'];
    return addApp(this.#dataSource, { permissions, addresses: [], signs: false, ...app, name });
  }

  /** A client that is logged in at the given msg_server; it is closed with the cluster. */
  async connect(name: string, options: ConnectOptions = {}): Promise<TeamTalkClient> {
    const { server = 0, client, ...credentials } = options;
    const connection = new TeamTalkClient({
      reconnect: false,
      ...client,
      host: '127.0.0.1',
      port: this.port('msg_server', server, 'client'),
    });
    this.#clients.push(connection);
    await connection.login({ name, password: testPassword, ...credentials });
    return connection;
  }

  /** A connection to a msg_server that sends what it is told to; it is closed with the cluster. */
  async connectRaw(server = 0): Promise<RawConnection> {
    const connection = await RawConnection.open(this.port('msg_server', server, 'client'));
    this.#connections.push(connection);
    return connection;
  }

  /** A bare connection that has logged in. */
  async logInRaw(
    name: string,
    { server = 0, clientType = ClientType.WINDOWS, deadlineMs = 60_000 }: RawLogin = {},
  ): Promise<RawConnection> {
    const connection = await this.connectRaw(server);
    await connection.send(loginFrame({ name, password: testPassword, clientType }));
    const answer = await connection.receive(Commands.LoginResUserlogin, undefined, deadlineMs);
    if (answer.resultCode !== 0) throw new Error(`the login of ${name} was refused: ${answer.resultCode}`);
    return connection;
  }

  /** Instances that ended unexpectedly (mode `processes`). */
  crashed(): ClusterNode[] {
    return [...this.#nodes.values()].flat().filter((node) => !this.#stopped.has(node) && !isAlive(node.pid));
  }

  /** Runs one statement on the cluster's database. */
  async sql<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
    return this.#dataSource.query(text, values);
  }

  /**
   * The present value of a metric, summed over the samples whose labels include the given ones.
   * @param name without `teamtalk_<service>_`
   * @throws Error when the service has no such metric
   */
  async metric(
    service: ServiceName,
    k: number,
    name: string,
    labels: Readonly<Record<string, string>> = {},
  ): Promise<number> {
    return sumOf(await this.node(service, k).samples(), `teamtalk_${service}_${name}`, labels);
  }

  /**
   * Waits until nothing is in flight between the services: every message taken in has its result, and every
   * stored batch has been taken by the msg_servers concerned.
   */
  async settle(timeoutMs = 15_000): Promise<void> {
    await waitUntil(async () => (await this.#inFlight()) === 0, { timeoutMs, what: 'nothing in flight' });
  }

  /** Closes the clients, stops the services in the opposite order of starting, drops the database. */
  async stop(): Promise<void> {
    const failures: unknown[] = [];
    const attempt = (work: Promise<unknown>) => work.catch((error: unknown) => failures.push(error));
    await Promise.all(this.#clients.map((client) => attempt(client.close())));
    for (const connection of this.#connections) connection.close();
    for (const service of [...serviceNames].reverse()) {
      const running = this.#nodes.get(service)!.filter((node) => !this.#stopped.has(node));
      await Promise.all(running.map((node) => attempt(node.stop())));
    }
    await attempt(this.bus.drain());
    await attempt(this.#dataSource.destroy());
    await attempt(this.database.drop());
    await attempt(rm(this.storageFolder, { recursive: true, force: true, maxRetries: 3 }));
    await attempt(this.#infrastructure.close());
    if (failures.length > 0) throw new AggregateError(failures, 'the cluster did not stop cleanly');
  }

  async #startAll(): Promise<void> {
    const defaults: Partial<Record<ServiceName, number>> = {
      db_proxy_server: 1,
      route_server: 1,
      msg_server: 1,
    };
    for (const tier of [0, 1]) {
      const services = serviceNames.filter((service) => traitsOf(service).tier === tier);
      await Promise.all(
        services.map(async (service) => {
          const count = this.#options[service] ?? defaults[service] ?? 0;
          const nodes = this.#nodes.get(service)!;
          const starting = Array.from({ length: count }, (_, k) => this.#launch(service, k, {}));
          // Instances that started must be stopped even if another failed.
          const outcomes = await Promise.allSettled(starting);
          for (const outcome of outcomes) if (outcome.status === 'fulfilled') nodes.push(outcome.value);
          await Promise.all(starting);
        }),
      );
    }
    await this.untilDiscovered();
    await untilReady([...this.#nodes.values()].flat());
  }

  /** Waits for a heartbeat of every running instance: then all have discovered each other. */
  async untilDiscovered(): Promise<void> {
    const announcing = [...this.#nodes].flatMap(([service, nodes]) => (traitsOf(service).bus ? nodes : []));
    const running = announcing.filter((node) => !this.#stopped.has(node));
    await untilAllHeartbeats(
      this.bus,
      running.map(({ instance }) => instance),
    );
  }

  #launch(service: ServiceName, k: number, env: Readonly<Record<string, string>>): Promise<ClusterNode> {
    const {
      mode = 'in-process',
      env: common,
      envOf,
      envFor,
      nodeOptionsOf,
      logFolder,
      checkout,
      sharedUsers = checkout !== undefined,
    } = this.#options;
    // Another version may know other subjects: it shares the user of all with this one, as in an upgrade.
    const { servicePassword: _, ...shared } = this.nats;
    const nats = sharedUsers ? shared : this.nats;
    const database = sharedUsers ? this.database : { ...this.database, url: asService(this.database.url) };
    return ClusterNode.start(
      mode,
      service,
      {
        ...serviceEnvironment(service, nats, database, this.storageFolder),
        ...common,
        ...envOf?.[service],
        ...envFor?.(service, k, this),
        ...env,
      },
      { log: this.#options.log, nodeOptions: nodeOptionsOf?.[service], checkout: this.checkout, logFolder },
    );
  }

  async #inFlight(): Promise<number> {
    // In the order a message passes the services, so that none is missed between two reads.
    const waiting = await Promise.all([
      ...this.#answering('msg_server').map((k) => this.metric('msg_server', k, 'appends_in_flight')),
      ...this.#answering('http_msg_server').map((k) => this.metric('http_msg_server', k, 'appends_pending')),
    ]);
    const [outbox] = await this.sql<{ rows: number }>('SELECT count(*)::int AS rows FROM outbox');
    return waiting.reduce((sum, count) => sum + count, outbox!.rows);
  }

  #answering(service: ServiceName): number[] {
    return this.#nodes
      .get(service)!
      .flatMap((node, k) => (this.#stopped.has(node) || node.frozen ? [] : [k]));
  }
}
