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
import type { AdminServerConfig } from './config.js';
import { createContext } from './context.js';
import { answerMs } from './http/admin-api.js';

const tooMany = JSON.stringify({ type: 'urn:teamtalk:problem:too-many-calls', status: 429 });

/** Starts admin_server, which serves the console's pages and their API. Ports: `http`, `ops`. */
export function startAdminServer(config: AdminServerConfig, options: StartOptions = {}): Promise<Service> {
  return startService('admin_server', config, options, start);
}

async function start(config: AdminServerConfig, kit: Kit): Promise<Record<string, number>> {
  const cluster = await joinCluster(kit, config.nats, { relaxed: true });
  const context = createContext(config, kit, cluster);
  const { limits, timeouts } = config;
  const http = await startHttpListener(
    kit,
    {
      ...config,
      maxConnections: limits.connections,
      requestMs: timeouts.requestMs,
      answerMs,
      brokenBody: (status) => JSON.stringify({ type: 'urn:teamtalk:problem:invalid-request', status }),
      refuse: (_request, response) => {
        response.writeHead(429, { 'content-type': 'application/problem+json', connection: 'close' });
        response.end(tooMany);
      },
    },
    traceRequests(kit.tracing, createApp(config, kit, context), routeOf),
  );
  cluster.register(() => ({ port: http }));
  return { http };
}
