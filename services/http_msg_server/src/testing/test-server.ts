import { Bus } from '@teamtalk/bus';
import { testNats, waitUntil } from '@teamtalk/local-stack';
import { createLogger, Metrics, type Service, type StartOptions } from '@teamtalk/service-kit';
import { loadConfig } from '../config.js';
import { startHttpMsgServer } from '../service.js';
import { FakeDbProxy } from './fake-db-proxy.js';

/** http_msg_server with a fake db_proxy_server, on real NATS and sockets. */
export class TestServer {
  readonly service: Service;
  readonly db: FakeDbProxy;
  readonly bus: Bus;

  static async start(env: NodeJS.ProcessEnv = {}, options: StartOptions = {}): Promise<TestServer> {
    const nats = await testNats();
    const log = createLogger({ service: 'test', instance: 1, level: 'silent' });
    const bus = await Bus.connect({ ...nats, name: 'test', log, metrics: new Metrics('test') });
    const db = await FakeDbProxy.start(bus);
    const service = await startHttpMsgServer(
      loadConfig({
        LOG_LEVEL: 'silent',
        NATS_URL: nats.url,
        NATS_PREFIX: nats.prefix,
        OPS_PORT: '0',
        HTTP_PORT: '0',
        ...env,
      }),
      options,
    );
    await waitUntil(() => service.health.report().ready, { what: 'http_msg_server to find db_proxy_server' });
    return new TestServer(service, db, bus);
  }

  private constructor(service: Service, db: FakeDbProxy, bus: Bus) {
    this.service = service;
    this.db = db;
    this.bus = bus;
  }

  get url(): string {
    return `http://127.0.0.1:${this.service.ports.http}`;
  }

  /** POSTs a body (objects as JSON). @returns the response's text */
  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<string> {
    const response = await fetch(this.url + path, {
      method: 'POST',
      headers,
      body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    });
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    return response.text();
  }

  /** The metrics page. */
  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.service.ports.ops}/metrics`)).text();
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await this.db.stop();
    await this.bus.drain();
  }
}
