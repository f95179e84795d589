import type { IncomingMessage, ServerResponse } from 'node:http';
import { joinCluster } from '@teamtalk/bus';
import { startHttpListener } from '@teamtalk/net';
import {
  type Kit,
  type Service,
  type StartOptions,
  startService,
  traceRequests,
} from '@teamtalk/service-kit';
import { createApp, routeOf } from './app.js';
import { Access } from './auth/access.js';
import { AppDirectory } from './auth/app-directory.js';
import { needsNoKey } from './auth/keyless.js';
import type { HttpMsgServerConfig } from './config.js';
import { createContext } from './context.js';
import { BodyBudget } from './http/body-budget.js';
import { endpoints } from './legacy/endpoints.js';
import { ErrorCode, legacyAnswer } from './legacy/legacy-answer.js';
import { operations } from './v1/operations.js';
import { WebhookSender } from './webhooks/webhook-sender.js';

/** Starts http_msg_server, the HTTP API through which other systems send messages. Ports: `http`, `ops`. */
export function startHttpMsgServer(
  config: HttpMsgServerConfig,
  options: StartOptions = {},
): Promise<Service> {
  return startService('http_msg_server', config, options, start);
}

async function start(config: HttpMsgServerConfig, kit: Kit): Promise<Record<string, number>> {
  const { life, tracing } = kit;
  const { limits, timeouts } = config;
  sayWhoNeedsNoKey(config, kit);

  const cluster = await joinCluster(kit, config.nats);
  const context = createContext(config, kit, cluster);
  const { pool, textCodec } = context;
  const directory = new AppDirectory({ kit, pool, keys: config.appKeys });
  life.onStop('app directory', () => directory.stop());
  const webhooks = new WebhookSender({ kit, pool, textCodec });
  life.onStop('webhooks', () => webhooks.stop());

  const bodies = new BodyBudget({
    totalBytes: limits.allBodiesBytes,
    maxBodyBytes: limits.bodyBytes,
    open: config.keyless === 'all',
  });
  kit.metrics.gauge('http_body_bytes', 'Bytes reserved for the bodies of requests', () => bodies.bytes);
  const app = createApp(
    {
      kit,
      context,
      access: new Access({ directory, pool }),
      needsNoKey: needsNoKey(config),
      maxBodyBytes: limits.bodyBytes,
      bodies,
      trustedProxies: config.trustedProxies,
    },
    { endpoints, operations },
  );
  const http = await startHttpListener(
    kit,
    {
      ...config,
      maxConnections: limits.connections,
      requestMs: timeouts.requestMs,
      answerMs: timeouts.storeMs,
      brokenBody: () => legacyAnswer(ErrorCode.BAD_PARAMETER),
      refuse: refuseForwarded,
    },
    traceRequests(tracing, app, routeOf),
  );
  cluster.register(() => ({ port: http }));
  return { http };
}

function sayWhoNeedsNoKey({ keyless, keylessAddresses }: HttpMsgServerConfig, { log }: Kit): void {
  if (keyless === 'all') log.warn('HTTP_AUTH is open; callers need no key and may send as any user');
  if (typeof keyless === 'string') return;
  log.info(
    { keylessAddresses },
    'legacy HTTP API needs a key except from HTTP_KEYLESS_ADDRESSES; give other callers one by teamtalk app create',
  );
}

/** Responds to a proxy's request when the client it is forwarded for has too many in flight. */
function refuseForwarded({ url = '' }: IncomingMessage, response: ServerResponse): void {
  response.writeHead(/^\/(v1|hooks|api)\//.test(url) ? 429 : 200, {
    'content-type': 'application/json; charset=utf-8',
    'retry-after': '1',
    connection: 'close',
  });
  response.end(legacyAnswer(ErrorCode.SERVER_ERROR));
}
