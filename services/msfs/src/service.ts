import { joinCluster } from '@teamtalk/bus';
import { startHttpListener } from '@teamtalk/net';
import {
  type Kit,
  type Service,
  type StartOptions,
  startService,
  traceRequests,
} from '@teamtalk/service-kit';
import { createApp } from './app.js';
import type { MsfsConfig } from './config.js';
import { createContext } from './context.js';
import { refusals, refusalText, sendRefusal } from './http/refusals.js';
import { routeOf } from './http/route.js';
import { uploadType } from './http/send-json.js';

/** Deadline for responses once the service stops, milliseconds. */
const answerMs = 5_000;

/** Starts an msfs, which stores images uploaded by HTTP and serves them in any size. Ports: `http`, `ops`. */
export function startMsfs(config: MsfsConfig, options: StartOptions = {}): Promise<Service> {
  return startService('msfs', config, options, start);
}

async function start(config: MsfsConfig, kit: Kit): Promise<Record<string, number>> {
  const cluster = await joinCluster(kit, config.nats, { relaxed: true });
  const context = await createContext(config, kit, cluster);
  const { requestMs, idleMs } = config.timeouts;
  const http = await startHttpListener(
    kit,
    {
      ...config,
      maxConnections: config.limits.connections,
      requestMs,
      headersMs: Math.min(10_000, requestMs),
      idleMs,
      answerMs,
      // Lets an upload be refused before its content is sent.
      checksContinue: true,
      brokenBody: (status) => refusalText(status === 408 ? refusals.tooSlow : refusals.badRequest),
      brokenType: uploadType,
      refuse: (_request, response) => sendRefusal(response, refusals.tooMany),
    },
    traceRequests(kit.tracing, createApp(kit, context), ({ req }) => routeOf(req)),
  );
  cluster.register(() => ({ port: http }));
  return { http };
}
