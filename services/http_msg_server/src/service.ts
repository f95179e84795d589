import { hostname } from 'node:os';
import { Bus, HeartbeatPublisher, Registry, rendezvous } from '@teamtalk/bus';
import { createTextCodec } from '@teamtalk/protocol';
import { messageAppender, ReplicaPool, syncPool } from '@teamtalk/rpc';
import {
  formatInstance,
  type Kit,
  type Service,
  type StartOptions,
  startService,
  traceRequests,
} from '@teamtalk/service-kit';
import { createApp, routeOf } from './app.js';
import { Access } from './auth/access.js';
import { AppDirectory } from './auth/app-directory.js';
import type { HttpMsgServerConfig } from './config.js';
import { startHttpListener } from './http-listener.js';
import { endpoints } from './legacy/endpoints.js';
import { operations } from './v1/operations.js';
import { WebhookSender } from './webhooks/webhook-sender.js';

/** Milliseconds messages wait to be batched into a frame to db_proxy_server. */
const flushMs = 1;

/** Starts http_msg_server, the HTTP API through which other systems send messages. Ports: `http`, `ops`. */
export function startHttpMsgServer(
  config: HttpMsgServerConfig,
  options: StartOptions = {},
): Promise<Service> {
  return startService('http_msg_server', config, options, start);
}

async function start(config: HttpMsgServerConfig, kit: Kit): Promise<Record<string, number>> {
  const { health, instance, life, log, metrics, service, tracing } = kit;
  const { limits, timeouts } = config;
  if (config.open) log.warn('HTTP_AUTH is open; callers need no key and may send as any user');

  const name = `${service} ${formatInstance(instance)}`;
  const bus = await kit.untilAvailable('nats', () =>
    Bus.connect({ ...config.nats, name, log, metrics, tracing }),
  );
  life.onStop('NATS', () => bus.drain());
  health.addCheck('nats', () => bus.connected);

  const pool = new ReplicaPool(config.rpcTls, tracing);
  const dbProxies = new Registry(bus, log, 'db_proxy_server', syncPool(pool));
  life.onStop('db_proxy_server pool', () => {
    dbProxies.stop();
    pool.close();
  });
  const msgServers = new Registry(bus, log, 'msg_server');
  life.onStop('msg_server registry', () => msgServers.stop());
  const appender = messageAppender(pool, {
    instance,
    choose: rendezvous,
    log,
    deadlineMs: timeouts.storeMs,
    flushMs,
    maxPending: limits.appends,
  });
  health.addCheck('db_proxy_server', () => appender.available);
  metrics.gauge('appends_pending', 'Messages that wait for the store', () => appender.pending);
  life.onStop('in-flight messages', async () => {
    await appender.settle();
    appender.stop();
  });

  const directory = new AppDirectory({ kit, pool, keys: config.appKeys });
  life.onStop('app directory', () => directory.stop());

  const textCodec = createTextCodec(config.textKey);
  const webhooks = new WebhookSender({ kit, pool, textCodec });
  life.onStop('webhooks', () => webhooks.stop());

  const app = createApp(
    {
      kit,
      context: {
        instance,
        log,
        tracing,
        bus,
        msgServers,
        pool,
        appender,
        textCodec,
        maxMessageBytes: limits.messageBytes,
      },
      access: new Access({ directory, pool }),
      open: config.open,
      maxBodyBytes: limits.bodyBytes,
      trustedProxies: config.trustedProxies,
    },
    { endpoints, operations },
  );
  const http = await startHttpListener(
    kit,
    {
      ...config.listen,
      maxConnections: limits.connections,
      requestMs: timeouts.requestMs,
      answerMs: timeouts.storeMs,
    },
    traceRequests(tracing, app, routeOf),
  );

  const heartbeats = new HeartbeatPublisher(
    bus,
    { instance, service, hostname: hostname(), ops: kit.ops },
    () => ({
      port: http,
      draining: health.draining,
    }),
  );
  life.onStop('deregistration', () => heartbeats.stop());
  return { http };
}
