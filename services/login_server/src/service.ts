import { joinCluster, topics } from '@teamtalk/bus';
import { type Kit, type Service, type StartOptions, startService } from '@teamtalk/service-kit';
import type { LoginServerConfig } from './config.js';
import { createContext } from './context.js';
import { findMsgServer } from './handlers/find-msg-server.js';
import { showStatus } from './handlers/show-status.js';
import { tellAddresses } from './handlers/tell-addresses.js';
import { tellMsgServer } from './handlers/tell-msg-server.js';
import { startRoutes } from './listeners/http-routes.js';
import { startTcpListener } from './listeners/tcp-listener.js';

/** How long the start waits for heartbeats of msg_servers, milliseconds. */
const discoveryMs = 200;

/** Starts a login_server, which tells clients which msg_server to dial. Ports: `http`, `tcp`, `ops`. */
export function startLoginServer(config: LoginServerConfig, options: StartOptions = {}): Promise<Service> {
  return startService('login_server', config, options, start);
}

async function start(config: LoginServerConfig, kit: Kit): Promise<Record<string, number>> {
  const cluster = await joinCluster(kit, config.nats, { relaxed: true });
  const context = createContext(config, kit, cluster);
  // Otherwise the first clients would be told that there is no msg_server.
  await context.directory.waitForOne(discoveryMs);

  const { requestTimeoutMs, addressLimits } = config;
  const http = await startRoutes(
    kit,
    {
      ...config,
      listen: config.http,
      maxConnections: config.http.maxConnections,
      requestMs: requestTimeoutMs,
    },
    new Map([
      ['/msg_server', findMsgServer(context)],
      ['/status', showStatus(context)],
    ]),
  );
  const tcp = await startTcpListener(kit, { ...config.tcp, requestTimeoutMs, addressLimits }, (request) =>
    tellMsgServer(context, request),
  );
  cluster.bus.answer(topics.addresses(kit.instance), tellAddresses(config));
  cluster.register(() => ({ port: http }));
  return { http, tcp };
}
