import { Bus, type Heartbeat, topics } from '@teamtalk/bus';
import { type TestNats, testNats } from '@teamtalk/local-stack';
import { createLogger, Metrics, type Service } from '@teamtalk/service-kit';
import { loadConfig } from '../config.js';
import { startLoginServer } from '../service.js';

/** A login_server on free ports. */
export class TestServer {
  readonly service: Service;
  readonly #bus: Bus;

  /** @param nats default: the NATS server of the test run, with a prefix of its own */
  static async start(env: NodeJS.ProcessEnv = {}, nats?: TestNats): Promise<TestServer> {
    const { url, prefix } = nats ?? (await testNats());
    const service = await startLoginServer(
      loadConfig({
        LOG_LEVEL: 'silent',
        NATS_URL: url,
        NATS_PREFIX: prefix,
        OPS_PORT: '0',
        HTTP_PORT: '0',
        TCP_PORT: '0',
        ...env,
      }),
    );
    const log = createLogger({ service: 'test', instance: 1, level: 'silent' });
    const bus = await Bus.connect({ url, prefix, name: 'test', log, metrics: new Metrics('test') });
    return new TestServer(service, bus);
  }

  private constructor(service: Service, bus: Bus) {
    this.service = service;
    this.#bus = bus;
  }

  get http(): string {
    return `http://127.0.0.1:${this.service.ports.http}`;
  }

  /** Publishes a heartbeat as a msg_server would. */
  announce(instance: number, details: Partial<Heartbeat>): void {
    this.#bus.publish(topics.heartbeat('msg_server'), {
      service: 'msg_server',
      hostname: `host-${instance}`,
      ip1: `10.0.0.${instance}`,
      port: 8000,
      maxConnections: 100,
      ...details,
      instance,
    });
  }

  /** The metrics page. */
  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.service.ports.ops}/metrics`)).text();
  }

  async stop(): Promise<void> {
    await this.#bus.drain();
    await this.service.stop();
  }
}
