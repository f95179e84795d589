import { DurableInfrastructure, TestCluster, testPassword } from '@teamtalk/cluster';
import { openDataSource, seedUsers } from '@teamtalk/db_proxy_server';
import type { WatchedProcess } from '@teamtalk/load-generator';
import { type ServiceName, serviceNames } from '@teamtalk/local-stack';

/** Which services run, and how. */
export interface Shape {
  counts?: Partial<Record<ServiceName, number>>;
  env?: Readonly<Record<string, string>>;
  envOf?: Partial<Record<ServiceName, Readonly<Record<string, string>>>>;
}

type DataSource = Awaited<ReturnType<typeof openDataSource>>;

const oneOfEach: Partial<Record<ServiceName, number>> = {
  db_proxy_server: 1,
  route_server: 1,
  msg_server: 1,
  login_server: 1,
  http_msg_server: 1,
};

/** Limits that would be measured in place of the services. */
const liftedLimits: Readonly<Record<string, string>> = {
  MESSAGE_RATE: '0',
  LOGIN_RATE: '0',
  MAX_CONNECTIONS: '100000',
  MAX_HTTP_CONNECTIONS: '100000',
};

/** For scenarios that do not measure logins. */
const cheapHash = { memoryKib: 8, iterations: 1 };

/** The measured installation: one database for all scenarios, and a cluster of each scenario's shape. */
export class BenchCluster {
  readonly infrastructure: DurableInfrastructure;
  readonly #dataSource: DataSource;
  readonly #nodeOptionsOf: Partial<Record<ServiceName, readonly string[]>>;
  #cluster: TestCluster | undefined;
  #shape = '';
  /** folder of the checkout whose services are started from now on; undefined: this one's */
  checkout: string | undefined;
  /** Two checkouts are compared: all services share one database user and one NATS user, since a checkout may not know others. */
  compares = false;
  readonly #seeded = new Map<string, number>();

  static async start(nodeOptionsOf: Partial<Record<ServiceName, readonly string[]>>): Promise<BenchCluster> {
    const infrastructure = await DurableInfrastructure.start();
    try {
      const dataSource = await openDataSource(infrastructure.postgres.url);
      return new BenchCluster(infrastructure, dataSource, nodeOptionsOf);
    } catch (error) {
      await infrastructure.stop();
      throw error;
    }
  }

  private constructor(
    infrastructure: DurableInfrastructure,
    dataSource: DataSource,
    nodeOptionsOf: Partial<Record<ServiceName, readonly string[]>>,
  ) {
    this.infrastructure = infrastructure;
    this.#dataSource = dataSource;
    this.#nodeOptionsOf = nodeOptionsOf;
  }

  /** Starts the services in this shape, unless they already have it. */
  async take({ counts, env, envOf }: Shape, fresh: boolean): Promise<void> {
    const shape = JSON.stringify({ counts, env, envOf, checkout: this.checkout, compares: this.compares });
    if (this.#cluster && this.#shape === shape && !fresh) return;
    await this.leave();
    this.#cluster = await TestCluster.start({
      mode: 'processes',
      ...oneOfEach,
      ...counts,
      env: { ...liftedLimits, ...env },
      envOf,
      infrastructure: this.infrastructure,
      nodeOptionsOf: this.#nodeOptionsOf,
      ...(this.checkout && { checkout: this.checkout }),
      ...(this.compares && { sharedUsers: true }),
    });
    this.#shape = shape;
  }

  /** Does the work while the first instance of a service is stopped. */
  async without<T>(service: ServiceName, work: () => Promise<T>): Promise<T> {
    const cluster = this.#running();
    await cluster.stopNode(service);
    try {
      return await work();
    } finally {
      await cluster.restart(service, 0);
    }
  }

  /** Stops the services. */
  async leave(): Promise<void> {
    const cluster = this.#cluster;
    this.#cluster = undefined;
    await cluster?.stop();
  }

  async stop(): Promise<void> {
    await this.leave();
    await this.#dataSource.destroy();
    await this.infrastructure.stop();
  }

  /** The processes whose CPU is measured. */
  watched(): WatchedProcess[] {
    const cluster = this.#cluster;
    const services = serviceNames.flatMap((service) =>
      cluster ? nodesOf(cluster, service).map(({ pid }) => ({ name: service, pid })) : [],
    );
    const { natsServer, postgres } = this.infrastructure;
    return [...services, { name: 'nats', pid: natsServer.pid }, { name: 'postgres', pid: postgres.pid }];
  }

  /**
   * Makes sure that there are users `<prefix>1` to `<prefix><count>`.
   * @param costly hashes their password at the default cost
   */
  async haveUsers(prefix: string, count: number, costly = false): Promise<void> {
    if ((this.#seeded.get(prefix) ?? 0) >= count) return;
    await seedUsers(this.#dataSource, {
      count,
      prefix,
      password: testPassword,
      cost: costly ? undefined : cheapHash,
    });
    this.#seeded.set(prefix, count);
  }

  /** host:port of the first instance of a service. */
  address(service: ServiceName, port: string): string {
    return this.addresses(service, port)[0]!;
  }

  /** host:port of every instance of a service. */
  addresses(service: ServiceName, port: string): string[] {
    const cluster = this.#running();
    return Array.from(
      { length: cluster.count(service) },
      (_, k) => `127.0.0.1:${cluster.port(service, k, port)}`,
    );
  }

  #running(): TestCluster {
    if (!this.#cluster) throw new Error('no services run');
    return this.#cluster;
  }

  async idOf(name: string): Promise<number> {
    const [row] = await this.sql<{ id: number }>('SELECT id FROM im_user WHERE name = $1', [name]);
    if (!row) throw new Error(`there is no user ${name}`);
    return row.id;
  }

  async sql<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
    return this.#dataSource.query(text, values);
  }
}

function nodesOf(cluster: TestCluster, service: ServiceName): { pid: number }[] {
  return Array.from({ length: cluster.count(service) }, (_, k) => cluster.node(service, k));
}
