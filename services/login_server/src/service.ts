import { hostname } from 'node:os';
import { Bus, HeartbeatPublisher } from '@teamtalk/bus';
import {
  formatInstance,
  type Kit,
  type Service,
  type StartOptions,
  startService,
} from '@teamtalk/service-kit';
import type { LoginServerConfig } from './config.js';
import { createContext } from './context.js';
import { MsgServerDirectory } from './directory/msg-server-directory.js';
import { findMsgServer } from './handlers/find-msg-server.js';
import { showStatus } from './handlers/show-status.js';
import { tellMsgServer } from './handlers/tell-msg-server.js';
import { startHttpListener } from './listeners/http-listener.js';
import { startTcpListener } from './listeners/tcp-listener.js';

/** How long the start waits for heartbeats of msg_servers, milliseconds. */
const discoveryMs = 200;

/** Starts a login_server, which tells clients which msg_server to dial. Ports: `http`, `tcp`, `ops`. */
export function startLoginServer(config: LoginServerConfig, options: StartOptions = {}): Promise<Service> {
  return startService('login_server', config, options, start);
}

async function start(config: LoginServerConfig, kit: Kit): Promise<Record<string, number>> {
  const { health, instance, life, log, metrics, service, tracing } = kit;
  const name = `${service} ${formatInstance(instance)}`;
  const bus = await kit.untilAvailable('nats', () =>
    Bus.connect({ ...config.nats, name, log, metrics, tracing }),
  );
  life.onStop('NATS', () => bus.drain());
  health.addCheck('nats', () => bus.connected);

  const directory = new MsgServerDirectory(bus, log);
  life.onStop('directory', () => directory.stop());
  metrics.gauge('msg_servers', 'msg_servers alive', () => directory.all().length);

  // Otherwise the first clients would be told that there is no msg_server.
  await directory.waitForOne(discoveryMs);

  const context = createContext(directory, config.urls, metrics);
  const { requestTimeoutMs } = config;
  const http = await startHttpListener(
    kit,
    { ...config.http, requestTimeoutMs },
    new Map([
      ['/msg_server', findMsgServer(context)],
      ['/status', showStatus(context)],
    ]),
  );
  const tcp = await startTcpListener(kit, { ...config.tcp, requestTimeoutMs }, (request) =>
    tellMsgServer(context, request),
  );

  const heartbeats = new HeartbeatPublisher(
    bus,
    { instance, service, hostname: hostname(), ops: kit.ops },
    () => ({
      port: http,
      draining: health.draining,
    }),
  );
  life.onStop('heartbeats', () => heartbeats.stop());
  return { http, tcp };
}
