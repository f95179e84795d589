import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type Kit, TeamTalkError } from '@teamtalk/service-kit';
import express, { type ErrorRequestHandler, type Express } from 'express';
import type { Context } from './context.js';
import { serveImage } from './handlers/serve-image.js';
import { allowUpload, uploadImage } from './handlers/upload-image.js';
import { refusals, sendRefusal } from './http/refusals.js';
import { pathOf, routeOf } from './http/route.js';
import { keyOf } from './images/image-name.js';

/**
 * Uploads (`POST`, at any path) by an express application, and images (`GET /g0/...`), which bypass it because its routing
 * is as expensive as sending an image.
 */
export function createApp(kit: Kit, context: Context): RequestListener {
  const { log, metrics } = kit;
  const requests = metrics.counter('http_requests_total', 'HTTP requests answered, by status', [
    'route',
    'status',
  ]);
  const seconds = metrics.histogram(
    'http_request_seconds',
    'Time from receiving a request’s headers to the end of its response',
    ['route'],
  );
  const sent = metrics.counter('http_sent_bytes_total', 'Bytes of responses, including headers', ['route']);
  const received = metrics.counter('http_received_bytes_total', 'Bytes of request bodies', ['route']);
  const uploads = createUploadApp(kit, context);

  const failed = (error: unknown, response: ServerResponse) => {
    const isBusy = error instanceof TeamTalkError && error.code === 'resource-exhausted';
    if (!isBusy) log.error({ err: error }, 'request failed');
    if (response.headersSent) response.destroy();
    else sendRefusal(response, isBusy ? refusals.tooMany : refusals.failed);
  };

  return (request: IncomingMessage, response: ServerResponse) => {
    const begin = performance.now();
    const key = keyOf(pathOf(request));
    const route = routeOf(request);
    const { socket } = request;
    const { bytesRead, bytesWritten } = socket;
    response.once('close', () => {
      if (response.headersSent) requests.inc({ route, status: response.statusCode });
      sent.inc({ route }, socket.bytesWritten - bytesWritten);
      if (socket.bytesRead > bytesRead) received.inc({ route }, socket.bytesRead - bytesRead);
      seconds.observe({ route }, (performance.now() - begin) / 1000);
    });
    if (route === 'upload') {
      uploads(request, response);
    } else if (!key) {
      sendRefusal(response, refusals.notFound);
    } else if (request.method === 'GET' || request.method === 'HEAD') {
      serveImage(context, key, request, response).catch((error: unknown) => failed(error, response));
    } else {
      sendRefusal(response, refusals.badMethod, { allow: 'GET, HEAD' });
    }
  };
}

function createUploadApp({ log, metrics }: Kit, context: Context): Express {
  const broken = metrics.counter('http_broken_total', 'Uploads whose client disconnected before the end');
  const upload = uploadImage(context, (error) => {
    broken.inc();
    log.debug({ err: error }, 'upload aborted by client');
  });

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const allow = allowUpload(context);
  app.use((request, response, next) => {
    if (request.method === 'OPTIONS') {
      allow(request, response, next);
    } else if (request.method === 'POST') {
      upload(request, response, next);
    } else {
      sendRefusal(response, refusals.badMethod, { allow: 'POST, OPTIONS' });
    }
  });

  // Express recognises an error handler by its four parameters.
  const failed: ErrorRequestHandler = (error, _request, response, _next) => {
    log.error({ err: error }, 'upload failed');
    if (response.headersSent) response.destroy();
    else sendRefusal(response, refusals.failed);
  };
  app.use(failed);
  return app;
}
