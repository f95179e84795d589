import type { RequestListener } from 'node:http';
import { fileURLToPath } from 'node:url';
import { joinCluster } from '@teamtalk/bus';
import { startHttpListener } from '@teamtalk/net';
import {
  type Kit,
  type Service,
  type StartOptions,
  startService,
  traceRequests,
} from '@teamtalk/service-kit';
import type { WebServerConfig } from './config.js';
import { pageHandler, refuse, routeOf } from './page-handler.js';

/** The built page, in dist even when tests run the service from its sources. */
const builtPage = fileURLToPath(new URL('../dist/page/', import.meta.url));

const maxHeaderSize = 8 * 1024;
/** Time without progress after which a response is aborted, milliseconds. */
const idleMs = 30_000;
/** Deadline for responses once the service stops, milliseconds. */
const answerMs = 5_000;

/** Starts a web_server, which serves the web client and the addresses of the other servers. Ports: `http`, `ops`. */
export function startWebServer(config: WebServerConfig, options: StartOptions = {}): Promise<Service> {
  return startService('web_server', config, options, start);
}

async function start(config: WebServerConfig, kit: Kit): Promise<Record<string, number>> {
  // It sends no requests; it joins the cluster only so that operators can see it.
  const cluster = await joinCluster(kit, config.nats, { relaxed: true });
  const requests = kit.metrics.counter('http_requests_total', 'HTTP requests answered, by status', [
    'route',
    'status',
  ]);
  const serve = pageHandler(config, config.pageFolder ?? builtPage);
  const counted: RequestListener = (request, response) => {
    response.once('close', () => {
      if (response.headersSent) requests.inc({ route: routeOf(request), status: response.statusCode });
    });
    serve(request, response);
  };
  const http = await startHttpListener(
    kit,
    {
      ...config,
      requestMs: config.requestTimeoutMs,
      idleMs,
      answerMs,
      maxHeaderSize,
      refuse: (_request, response) => refuse(response, 429, 'too many requests', { 'retry-after': '5' }),
    },
    traceRequests(kit.tracing, counted, ({ req }) => routeOf(req)),
  );
  cluster.register(() => ({ port: http }));
  return { http };
}
