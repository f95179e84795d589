import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { startHttpListener } from '@teamtalk/net';
import type { Kit } from '@teamtalk/service-kit';
import { WebSocketServer } from 'ws';
import type { PushServiceConfig } from './config.js';
import { type Route, routeOf } from './names.js';
import { positionOf } from './position.js';
import { keptFor, maxBody, type PushService } from './push-service.js';
import { ReaderLimit } from './reader-limit.js';
import { SenderCheck } from './sender-check.js';
import { responseStream, webSocketStream } from './streams.js';

/** Largest WebSocket message from a phone, bytes; phones send only control frames. */
const maxFrame = 1_024;
/** Milliseconds to answer a request; streams stay open. */
const answerMs = 5_000;
/** Subscriptions read at a time per allowed connection, on average; most phones have one or two. */
const namesPerConnection = 4;

/** Opens the port for phones and senders. @returns the port */
export async function startPushListener(
  kit: Kit,
  config: PushServiceConfig,
  service: PushService,
): Promise<number> {
  const requests = kit.metrics.counter('http_requests_total', 'HTTP requests answered, by status', [
    'status',
  ]);
  const senders = new SenderCheck({ senders: config.senders, origin: service.origin });
  const readers = new ReaderLimit({
    total: namesPerConnection * config.maxConnections,
    exempt: config.addressLimits.exempt,
    trustedProxies: config.trustedProxies,
    refused: kit.metrics.counter(
      'readers_refused_total',
      'Phones refused because too many subscriptions were read at a time, by all or from one address',
    ),
  });
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxFrame,
  });

  const serve = (request: IncomingMessage, response: ServerResponse) => {
    response.once('close', () => {
      if (response.headersSent) requests.inc({ status: response.statusCode });
    });
    const { path, query } = partsOf(request);
    const route = routeOf(path);
    if (!route) return refuse(response, 404);
    if (route.what === 'subscription' && (request.method === 'POST' || request.method === 'PUT')) {
      take(request, response, route).catch(() => response.destroy());
      return;
    }
    if (request.method !== 'GET') return refuse(response, 405);
    if (route.what === 'subscription') return reply(response, 200, { unifiedpush: { version: 1 } });
    if (route.what === 'auth') return reply(response, 200, { success: true });
    if (route.what === 'ws') return refuse(response, 426);
    if (kit.health.draining) return refuse(response, 503);
    const released = readers.admit(request, route.names.length);
    if (!released) return refuse(response, 429, { 'retry-after': '30' });
    response.once('close', released);
    response.writeHead(200, {
      'content-type': 'application/x-ndjson; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    if (query.get('poll') !== null) {
      // Errors break the connection, so that the phone asks again for what it has not received.
      poll(response, route, query).catch(() => response.destroy());
      return;
    }
    const gone = service.phones.add(
      responseStream(response),
      route.names,
      positionOf(query.get('since'), Date.now()),
    );
    response.once('close', gone);
  };

  async function take(request: IncomingMessage, response: ServerResponse, { names: [name = ''] }: Route) {
    const refusal = senders.refusal(request.headers.authorization);
    // Checked before the body is read, so that unauthorised senders take up no memory.
    if (refusal) return refuse(response, refusal, refusal === 401 ? { 'www-authenticate': 'vapid' } : {});
    const body = await bodyOf(request);
    if (!body) {
      // Closes the connection instead of reading the rest of the body.
      response.shouldKeepAlive = false;
      return refuse(response, 413);
    }
    const { ttl, topic } = request.headers;
    const headers = { ttl: ttl?.toString(), topic: topic?.toString() };
    const { status, location, retryAfterMs } = await service.take(name, headers, body);
    if (status !== 201) {
      return refuse(response, status, retryAfterMs ? { 'retry-after': String(retryAfterMs / 1_000) } : {});
    }
    response.writeHead(201, { location, ttl: keptFor(headers.ttl), 'content-length': 0 }).end();
  }

  async function poll(response: ServerResponse, { names }: Route, query: URLSearchParams) {
    const position = positionOf(query.get('since'), Date.now());
    await service.phones.poll(responseStream(response), names, position);
    response.end();
  }

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { path, query } = partsOf(request);
    const route = routeOf(path);
    const no = (status: string) => {
      requests.inc({ status: Number.parseInt(status, 10) });
      socket.once('finish', () => socket.destroy());
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    };
    if (route?.what !== 'ws') return no('404 Not Found');
    if (kit.health.draining) return no('503 Service Unavailable');
    const released = readers.admit(request, route.names.length);
    if (!released) return no('429 Too Many Requests');
    socket.once('close', released);
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      requests.inc({ status: 101 });
      const gone = service.phones.add(
        webSocketStream(webSocket, socket),
        route.names,
        positionOf(query.get('since'), Date.now()),
      );
      webSocket.on('close', gone);
      webSocket.on('error', () => webSocket.terminate());
    });
  };

  const port = await startHttpListener(
    kit,
    {
      ...config,
      answerMs,
      brokenBody: () => JSON.stringify({ error: 'Bad Request' }),
      refuse: (_request, response) => refuse(response, 429, { 'retry-after': '5' }),
      upgrade,
    },
    serve,
  );
  kit.life.onStop('phones', () => service.phones.stop());
  return port;
}

function partsOf({ url = '/' }: IncomingMessage): { path: string; query: URLSearchParams } {
  const [path = '', query = ''] = url.split(/\?(.*)/s, 2);
  return { path, query: new URLSearchParams(query) };
}

/**
 * @returns undefined: the body is too long
 * @throws Error when the connection breaks before the body is complete
 */
function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBody) chunks.push(chunk);
      else resolve(undefined);
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => reject(new Error('the connection broke')));
  });
}

function reply(
  response: ServerResponse,
  status: number,
  content: object,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers });
  response.end(JSON.stringify(content));
}

const problems: Readonly<Record<number, string>> = {
  400: 'TTL is missing, or a header or the body is wrong',
  401: 'a token of VAPID is needed',
  403: 'this sender may not send',
  404: 'no such subscription',
  405: 'method not allowed',
  413: 'longer than 4096 bytes',
  426: 'WebSocket only',
  429: 'too many requests',
  503: 'try again later',
};

function refuse(response: ServerResponse, http: number, headers: Record<string, string> = {}): void {
  reply(response, http, { http, error: problems[http] ?? '' }, headers);
}
