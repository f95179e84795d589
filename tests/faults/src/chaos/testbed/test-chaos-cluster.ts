import { createGroup, type TestCluster, testPassword } from '@teamtalk/cluster';
import { Conversation } from '@teamtalk/load-generator';
import { FaultProxy, type ProxyTarget, type ServiceName, waitUntil } from '@teamtalk/local-stack';
import { ClientPool, type PoolNames } from '../clients/client-pool.js';
import { HttpPusher } from '../clients/http-pusher.js';
import { LegacyClient } from '../clients/legacy-client.js';
import { Load } from '../clients/load.js';
import { SdkClient } from '../clients/sdk-client.js';
import { checkHistory } from '../record/check.js';
import { Ledger } from '../record/ledger.js';
import { calm, replicas, startCluster } from './chaos-cluster.js';
import { ChaosServers, type ChaosServersOptions } from './chaos-servers.js';
import { Links } from './links.js';

/** Services of every testbed. */
const always = ['db_proxy_server', 'route_server', 'msg_server', 'http_msg_server'] as const;

export interface ChaosOptions extends ChaosServersOptions {
  /** simulated clients of each kind */
  users: number;
  /** between the ack of a message and the next one, milliseconds */
  paceMs: number;
  /** messages a second of the client pool */
  rate: number;
  /** prints progress and violations */
  report: (text: string) => void;
  /** services besides those on a message's way */
  others?: readonly ServiceName[];
  /** the folder of another checkout of this repository, built, whose services are run on this one's schema */
  checkout?: string | undefined;
}

/** How long it may take until every sender gets acks again, milliseconds. */
export const recoveryLimitMs = 60_000;
const poolNames: PoolNames = {
  // So many that each stays below MESSAGE_RATE, for which SendDeduplicator (msg_server) is made.
  busy: numbered('busy', 80),
  observers: numbered('observer', 16),
  sparse: numbered('sparse', 96),
};
const poolGroups = 8;

/** Two processes of each service under load, with a ledger of all messages. */
export class TestChaosCluster {
  readonly servers: ChaosServers;
  readonly cluster: TestCluster;
  /** the connections between processes */
  readonly links: Links;
  /** the load balancer in front of the msg_servers */
  readonly clientPort: FaultProxy;
  readonly ledger: Ledger;
  readonly report: (text: string) => void;
  readonly #httpPort: FaultProxy;
  readonly #cleanUps: (() => Promise<unknown>)[] = [];
  #load!: Load;
  #clientPool!: ClientPool;

  static async start(options: ChaosOptions): Promise<TestChaosCluster> {
    const servers = await ChaosServers.start(options);
    const links = new Links();
    const services = [...always, ...(options.others ?? [])];
    const { checkout } = options;
    const cluster = await startCluster({ servers, links, services, checkout }).catch(
      async (error: unknown) => {
        await links.close();
        throw error;
      },
    );
    const balanced = (service: ServiceName, port: string) =>
      FaultProxy.start(() =>
        Array.from({ length: replicas }, (_, k) => ({
          host: '127.0.0.1',
          port: cluster.port(service, k, port),
        })),
      );
    const testbed = new TestChaosCluster(
      servers,
      cluster,
      links,
      await balanced('msg_server', 'client'),
      await balanced('http_msg_server', 'http'),
      options.report,
    );
    try {
      await testbed.#populate(options);
      return testbed;
    } catch (error) {
      await testbed.stop();
      throw error;
    }
  }

  private constructor(
    servers: ChaosServers,
    cluster: TestCluster,
    links: Links,
    clientPort: FaultProxy,
    httpPort: FaultProxy,
    report: (text: string) => void,
  ) {
    this.servers = servers;
    this.cluster = cluster;
    this.links = links;
    this.clientPort = clientPort;
    this.#httpPort = httpPort;
    this.report = report;
    this.ledger = new Ledger(report);
  }

  get load(): Load {
    return this.#load;
  }

  get clientPool(): ClientPool {
    return this.#clientPool;
  }

  /** The msg_servers that clients connect to. */
  get msgServers(): ProxyTarget[] {
    return Array.from({ length: replicas }, (_, k) => ({
      host: '127.0.0.1',
      port: this.cluster.port('msg_server', k, 'client'),
    }));
  }

  /** Adds something to do before the cluster stops. */
  readonly onStop = (work: () => Promise<unknown>): void => {
    this.#cleanUps.push(work);
  };

  /** @returns how many messages of all rounds are not in history, or there twice */
  checkHistory(): Promise<number> {
    return checkHistory(this.ledger, (text, values) => this.cluster.sql(text, values));
  }

  /** Waits until every sender has that many more acks. */
  async untilMoreAcks(more: number): Promise<void> {
    const goals = this.load.acksOfEach().map((acks) => acks + more);
    await waitUntil(() => this.load.acksOfEach().every((acks, i) => acks >= goals[i]!), {
      timeoutMs: recoveryLimitMs,
      what: `${more} more acks for each sender`,
    });
  }

  async stop(): Promise<void> {
    this.links.restore();
    await this.#load?.close();
    for (const work of this.#cleanUps) await work();
    await this.clientPort.close();
    await this.#httpPort.close();
    await this.links.close();
    await this.cluster.stop();
  }

  async #populate({ users, paceMs, rate }: ChaosOptions): Promise<void> {
    const names = numbered('chatter', 2 * users);
    const idOf = await this.cluster.addUsers([
      ...names,
      ...Object.values(poolNames).flat(),
      'robot',
      'founder',
    ]);
    const ids = names.map((name) => idOf[name]!);
    const { ledger } = this;
    const founder = await this.cluster.connect('founder');
    const group = ledger.add(Conversation.group(await createGroup(founder, ids), ids));
    const poolIds = [...poolNames.busy, ...poolNames.observers].map((name) => idOf[name]!);
    const groups: Conversation[] = [];
    for (let i = 0; i < poolGroups; i++) {
      const members = poolIds.filter((_, k) => k % poolGroups === i);
      groups.push(ledger.add(Conversation.group(await createGroup(founder, members), members)));
    }
    await founder.close();
    const portOf = (k: number) => this.cluster.port('msg_server', k, 'client');
    this.#clientPool = new ClientPool({
      ledger,
      names: poolNames,
      idOf,
      groups,
      rate,
      ports: () => Array.from({ length: this.cluster.count('msg_server') }, (_, k) => portOf(k)),
      calmPort: () => portOf(calm),
    });
    const common = { ledger, password: testPassword, port: this.clientPort.port, paceMs };
    const simulatedClients = names.map((name, i) => {
      // Neighbours, one with the SDK and one without, write to each other, and every fourth message to the group.
      const pair = ledger.add(Conversation.pair(ids[i]!, ids[i ^ 1]!));
      const conversations = [pair, pair, pair, group];
      const options = { ...common, name, userId: ids[i]!, conversations };
      return i % 2 === 0 ? new SdkClient(options) : new LegacyClient(options);
    });
    const robot = idOf.robot!;
    const pusher = new HttpPusher({
      ledger,
      userId: robot,
      conversations: ids.map((id) => ledger.add(Conversation.pair(robot, id))),
      url: `http://127.0.0.1:${this.#httpPort.port}`,
      paceMs,
    });
    for (const simulatedClient of simulatedClients) await simulatedClient.logIn();
    await this.#clientPool.gather();
    this.#load = new Load([...simulatedClients, pusher, this.#clientPool]);
  }
}

function numbered(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${name}${i}`);
}
