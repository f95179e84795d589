import { Bus } from '@teamtalk/bus';
import { testNats, waitUntil } from '@teamtalk/local-stack';
import { createLogger, Metrics, type Service, type StartOptions } from '@teamtalk/service-kit';
import { loadConfig } from '../config.js';
import { startHttpMsgServer } from '../service.js';
import { FakeDbProxy } from './fake-db-proxy.js';

export interface TestServer {
  readonly service: Service;
  readonly db: FakeDbProxy;
  readonly bus: Bus;
  readonly url: string;
  /** POSTs a body (objects as JSON). @returns the response's text */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<string>;
  /** The metrics page. */
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

/** http_msg_server with a fake db_proxy_server, on real NATS and sockets. */
export async function startTestServer(
  env: NodeJS.ProcessEnv = {},
  options: StartOptions = {},
): Promise<TestServer> {
  const { url: natsUrl, prefix } = await testNats();
  const log = createLogger({ service: 'test', instance: 1, level: 'silent' });
  const bus = await Bus.connect({ url: natsUrl, prefix, name: 'test', log, metrics: new Metrics('test') });
  const db = await FakeDbProxy.start(bus);
  const service = await startHttpMsgServer(
    loadConfig({
      LOG_LEVEL: 'silent',
      NATS_URL: natsUrl,
      NATS_PREFIX: prefix,
      OPS_PORT: '0',
      HTTP_PORT: '0',
      ...env,
    }),
    options,
  );
  await waitUntil(() => service.health.report().ready, { what: 'http_msg_server to find the store' });
  const url = `http://127.0.0.1:${service.ports.http}`;
  return {
    service,
    db,
    bus,
    url,
    async post(path, body, headers = {}) {
      const response = await fetch(url + path, {
        method: 'POST',
        headers,
        body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
      });
      if (response.status !== 200) throw new Error(`status ${response.status}`);
      return response.text();
    },
    async metrics() {
      return (await fetch(`http://127.0.0.1:${service.ports.ops}/metrics`)).text();
    },
    async stop() {
      await service.stop();
      await db.stop();
      await bus.drain();
    },
  };
}
