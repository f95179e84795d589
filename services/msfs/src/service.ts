import { joinCluster } from '@teamtalk/bus';
import { type Kit, type Service, type StartOptions, startService } from '@teamtalk/service-kit';
import { createApp } from './app.js';
import type { MsfsConfig } from './config.js';
import { createContext } from './context.js';
import { startHttpListener } from './http/http-listener.js';

/** Starts an msfs, which stores images uploaded by HTTP and serves them in any size. Ports: `http`, `ops`. */
export function startMsfs(config: MsfsConfig, options: StartOptions = {}): Promise<Service> {
  return startService('msfs', config, options, start);
}

async function start(config: MsfsConfig, kit: Kit): Promise<Record<string, number>> {
  const cluster = await joinCluster(kit, config.nats);
  const context = await createContext(config, kit, cluster);
  const http = await startHttpListener(kit, config, createApp(kit, context));
  cluster.register(() => ({ port: http }));
  return { http };
}
