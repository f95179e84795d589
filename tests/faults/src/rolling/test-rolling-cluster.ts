import { TestCluster, testPassword } from '@teamtalk/cluster';
import { readIndex, StoredMessages } from '@teamtalk/load-generator';
import { FaultProxy, type Infrastructure, type ServiceName, waitUntil } from '@teamtalk/local-stack';
import { createTextCodec, DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import type { Caller } from './callers.js';
import { ClientPool } from './client-pool.js';
import { FileClient } from './file-client.js';
import { type BehindService, behindService, httpCallers } from './http-callers.js';
import { Observations } from './phases.js';
import { fileClients, populate } from './population.js';

export interface RollingOptions {
  clients: number;
  /** messages a second */
  rate: number;
  /** messages at most */
  most: number;
  /** over which a msg_server that stops closes its clients, ms */
  spreadMs: number;
  /** multiplies the clients' back-off; 1 is what they do */
  waitFactor: number;
  /** between removing a process from its Service and its SIGTERM, ms */
  preStopMs: number;
  /** between all clients being back and the next process, ms */
  pauseMs: number;
  /** undefined: that of the test run */
  infrastructure?: Infrastructure;
  /** the folder of another version's checkout, built, whose processes run at first */
  checkout?: string;
  say: (text: string) => void;
}

const replicas = 2;
const settleMs = 120_000;
/** What is not delivered by then counts as undelivered. */
const deliverMs = 5_000;
const everything: readonly ServiceName[] = [
  'db_proxy_server',
  'route_server',
  'msg_server',
  'login_server',
  'http_msg_server',
  'file_server',
  'msfs',
];

/** Two processes of every service, clients of all five kinds that write to each other, and HTTP callers. */
export class TestRollingCluster {
  readonly cluster: TestCluster;
  readonly observations = new Observations();
  readonly #options: RollingOptions;
  /** indexes of the processes that get new connections */
  readonly #inService = new Map<ServiceName, Set<number>>();
  readonly #ways = new Map<BehindService, FaultProxy>();
  #clientPool!: ClientPool;
  #callers: Caller[] = [];
  #fileClient!: FileClient;
  #robot = 0;

  static async start(options: RollingOptions): Promise<TestRollingCluster> {
    const { infrastructure, checkout, spreadMs } = options;
    const cluster = await TestCluster.start({
      mode: 'processes',
      ...Object.fromEntries(everything.map((service) => [service, replicas])),
      ...(infrastructure && { infrastructure }),
      ...(checkout !== undefined && { checkout }),
      env: { MESSAGE_RATE: '0', SHUTDOWN_SECONDS: String(Math.ceil(spreadMs / 1000) + 8) },
      envOf: { msg_server: { DRAIN_SPREAD_MS: String(spreadMs) } },
    });
    const testbed = new TestRollingCluster(cluster, options);
    try {
      await testbed.#populate();
      return testbed;
    } catch (error) {
      await testbed.stop();
      throw error;
    }
  }

  private constructor(cluster: TestCluster, options: RollingOptions) {
    this.cluster = cluster;
    this.#options = options;
    for (const service of everything) this.#inService.set(service, new Set([0, 1]));
  }

  get clientPool(): ClientPool {
    return this.#clientPool;
  }

  /** Clients of services other than messages. */
  get callers(): readonly (Caller | FileClient)[] {
    return [...this.#callers, this.#fileClient];
  }

  /** Starts all traffic. */
  async begin(): Promise<void> {
    this.#clientPool.start();
    for (const caller of this.callers) caller.start();
    await this.#pause();
  }

  /**
   * Replaces every process, one after the other: removed from its Service, SIGTERM, exit, a new one started, ready,
   * added to the Service.
   * @param what names the step in the report
   */
  async replaceAll(what: string): Promise<void> {
    for (const service of everything) {
      this.observations.begin(`${what}: ${service}`);
      await this.#replaceBoth(what, service);
    }
  }

  /** The same with all services at once, as when a new version is applied to a cluster. */
  async replaceAllTogether(what: string): Promise<void> {
    this.observations.begin(`${what}: all services at once`);
    await Promise.all(everything.map((service) => this.#replaceBoth(what, service)));
  }

  /** Stops the traffic and compares all of it with history. */
  async finish(): Promise<void> {
    const { say } = this.#options;
    this.observations.begin('end');
    for (const caller of this.callers) await caller.stop();
    await this.#clientPool.settle(settleMs).catch((error: unknown) => say(String(error)));
    await this.cluster.settle(30_000);
    say(`all sent, ${this.#state()}; comparing with history`);
    const crashed = this.cluster.crashed().map(({ service, pid }) => `${service} (process ${pid})`);
    if (crashed.length > 0) throw new Error(`crashed: ${crashed.join(', ')}`);
    await waitUntil(() => this.#clientPool.ledger.inFlight === 0, {
      timeoutMs: deliverMs,
      what: 'every message delivered',
    }).catch((error: unknown) => say(String(error)));
    await this.#compareMessages();
    await this.#comparePushes();
  }

  async stop(): Promise<void> {
    this.#clientPool?.close();
    for (const caller of this.#callers) await caller.stop();
    await this.#fileClient?.stop();
    for (const way of this.#ways.values()) await way.close();
    await this.cluster.stop();
  }

  async #replaceBoth(what: string, service: ServiceName): Promise<void> {
    for (let k = 0; k < replicas; k++) {
      const begun = performance.now();
      await this.#replace(service, k);
      const seconds = ((performance.now() - begun) / 1000).toFixed(1);
      this.#options.say(`${what}: ${service} ${k} replaced in ${seconds} s, ${this.#state()}`);
      await this.#clientPool.untilOnline();
      await this.#pause();
    }
  }

  async #replace(service: ServiceName, k: number): Promise<void> {
    const { preStopMs } = this.#options;
    const inService = this.#inService.get(service)!;
    inService.delete(k);
    if (this.#ways.has(service as BehindService))
      await new Promise((resolve) => setTimeout(resolve, preStopMs));
    await this.cluster.stopNode(service, k);
    await this.cluster.restart(service, k);
    inService.add(k);
  }

  /** HTTP ports of the processes that get new connections. */
  #portsOf(service: ServiceName): number[] {
    return [...this.#inService.get(service)!].map((k) => this.cluster.port(service, k, 'http'));
  }

  async #pause(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.#options.pauseMs));
  }

  #state(): string {
    const { ledger, offline, open } = this.#clientPool;
    return `${ledger.sent} sent, ${ledger.acked} acked, ${open} open, ${offline} clients offline`;
  }

  async #populate(): Promise<void> {
    const { clients, rate, most, waitFactor, say } = this.#options;
    const { cluster, observations } = this;
    const complain = (text: string) => say(`  ${text}`);
    const population = await populate(cluster, clients);
    this.#robot = population.robot;
    for (const service of behindService) {
      const targets = () => this.#portsOf(service).map((port) => ({ host: '127.0.0.1', port }));
      this.#ways.set(service, await FaultProxy.start(targets));
    }
    this.#clientPool = new ClientPool({
      users: population.users,
      password: testPassword,
      groups: population.groups,
      rate,
      most,
      directories: () => this.#portsOf('login_server'),
      waitFactor,
      observations,
      complain,
    });
    const port = (service: BehindService) => this.#ways.get(service)!.port;
    this.#callers = httpCallers(population, port, complain);
    this.#fileClient = new FileClient({
      loginServer: `http://127.0.0.1:${port('login_server')}`,
      names: fileClients,
      password: testPassword,
      fileBytes: 512 * 1024,
      everyMs: 500,
      complain,
    });
    await this.#fileClient.logIn();
    await this.#clientPool.logIn();
    say(`${clients} clients online`);
  }

  async #compareMessages(): Promise<void> {
    const { ledger } = this.#clientPool;
    const stored = new StoredMessages(ledger.findings);
    for (const conversation of ledger.conversations) {
      const rows = await this.cluster.sql<{ id: number; data: Buffer }>(
        'SELECT id, data FROM message WHERE conv = $1',
        [conversation.conv],
      );
      for (const { id, data } of rows) {
        const number = readIndex(data, 0, data.length, ledger.run);
        if (ledger.isOf(number, conversation)) stored.add(number, id);
      }
    }
    ledger.compare(stored);
  }

  /** Checks that every push by HTTP is in history once. */
  async #comparePushes(): Promise<void> {
    const codec = createTextCodec(DEFAULT_TEXT_KEY);
    const rows = await this.cluster.sql<{ data: Buffer }>('SELECT data FROM message WHERE from_id = $1', [
      this.#robot,
    ]);
    const stored = new Map<number, number>();
    for (const { data } of rows) {
      const number = Number(codec.decrypt(data).split(' ')[1]);
      stored.set(number, (stored.get(number) ?? 0) + 1);
    }
    const { findings } = this.#clientPool.ledger;
    for (const [number, times] of stored) {
      if (times > 1) findings.add('duplicated', `push ${number} is in history ${times} times`);
    }
    for (const number of this.#callers[0]!.done) {
      if (!stored.has(number)) findings.add('lost', `push ${number} is not in history`);
    }
  }
}
