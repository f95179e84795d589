import { Bus } from '@teamtalk/bus';
import { FaultProxy, type TestNats, testNats } from '@teamtalk/local-stack';
import { createKit, type Service } from '@teamtalk/service-kit';
import { loadConfig } from '../config.js';
import { startRouteServer } from '../service.js';
import { FakeNode } from './fake-node.js';

/** One or more route_servers on a real NATS, and two fake msg_servers. */
export class TestRoutes {
  readonly bus: Bus;
  readonly services: Service[] = [];
  readonly a: FakeNode;
  readonly b: FakeNode;
  readonly #nats: TestNats;
  readonly #env: NodeJS.ProcessEnv;
  readonly #cleanUps: (() => Promise<void>)[] = [];

  /** @param env environment variables of the route_servers */
  static async start(env: NodeJS.ProcessEnv = {}): Promise<TestRoutes> {
    const nats = await testNats();
    const { log, metrics } = createKit('test', { logLevel: 'silent', shutdownMs: 1000 });
    const bus = await Bus.connect({ ...nats, name: 'test', log, metrics });
    const routes = new TestRoutes(nats, bus, env);
    await routes.add();
    return routes;
  }

  private constructor(nats: TestNats, bus: Bus, env: NodeJS.ProcessEnv) {
    this.#env = env;
    this.#nats = nats;
    this.bus = bus;
    this.a = new FakeNode(bus);
    this.b = new FakeNode(bus);
  }

  /** The instance number of the first route_server. */
  get instance(): number {
    return this.services[0]!.instance;
  }

  /** The URL of NATS. */
  get natsAddress(): { host: string; port: number } {
    const { hostname, port } = new URL(this.#nats.url);
    return { host: hostname, port: Number(port) };
  }

  /** Starts one more route_server, optionally with another path to NATS. */
  async add(natsUrl = this.#nats.url): Promise<Service> {
    const service = await startRouteServer(
      loadConfig({
        NATS_URL: natsUrl,
        NATS_PREFIX: this.#nats.prefix,
        OPS_PORT: '0',
        ROLL_CALL_MS: '100',
        LOG_LEVEL: 'silent',
        ...this.#env,
      }),
    );
    this.services.push(service);
    return service;
  }

  /** One more msg_server, which stalls while its path to NATS is blocked; missed events arrive afterwards. */
  async addNode(): Promise<{ node: FakeNode; way: FaultProxy }> {
    const way = await FaultProxy.start(() => [this.natsAddress]);
    const { log, metrics } = createKit('test', { logLevel: 'silent', shutdownMs: 1000 });
    const url = `nats://127.0.0.1:${way.port}`;
    const bus = await Bus.connect({ ...this.#nats, url, name: 'test', log, metrics });
    const node = new FakeNode(bus);
    this.#cleanUps.push(async () => {
      way.restore();
      await node.stop();
      await bus.drain();
      await way.close();
    });
    return { node, way };
  }

  async stop(): Promise<void> {
    for (const cleanUp of this.#cleanUps) await cleanUp();
    for (const service of this.services) await service.stop();
    for (const node of [this.a, this.b]) await node.stop();
    await this.bus.drain();
  }
}
