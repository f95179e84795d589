import { type Kit, TeamTalkError } from '@teamtalk/service-kit';
import express, { type ErrorRequestHandler, type Express } from 'express';
import type { Context } from '../context.js';
import { serveImage } from '../handlers/serve-image.js';
import { allowUpload, uploadImage } from '../handlers/upload-image.js';
import { keyOf } from '../images/image-name.js';
import { sendText } from './send-text.js';

/** Uploads (`POST /`) and images (`GET /g0/...`) as an express application. */
export function createApp({ health, log, metrics }: Kit, context: Context): Express {
  const requests = metrics.counter('http_requests_total', 'HTTP requests answered', ['route', 'status']);
  const seconds = metrics.histogram('http_request_seconds', 'Time from a request’s headers to the end', [
    'route',
  ]);
  const broken = metrics.counter('http_broken_total', 'Uploads whose client went away before their end');
  const busy = metrics.gauge('uploads_in_progress', 'Uploads that are being received');

  const upload = uploadImage(context, (error) => {
    broken.inc();
    log.debug({ err: error }, 'an upload broke off');
  });

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((request, response, next) => {
    const begin = performance.now();
    const route = routeOf(request.path);
    const isUpload = route === 'upload' && request.method === 'POST';
    if (isUpload) busy.inc();
    response.once('close', () => {
      if (isUpload) busy.dec();
      if (response.headersSent) requests.inc({ route, status: response.statusCode });
      seconds.observe({ route }, (performance.now() - begin) / 1000);
    });
    // After draining has begun nobody is kept: keep-alive would hold the shutdown up.
    if (health.draining) response.set('connection', 'close');
    next();
  });
  app
    .route('/')
    .post(upload)
    .options(allowUpload(context))
    .all((_request, response) => {
      response.set('allow', 'POST, OPTIONS');
      sendText(response, 405, 'method not allowed');
    });
  app.use(async (request, response) => {
    const key = keyOf(request.path);
    if (!key) {
      sendText(response, 404, 'not found');
    } else if (request.method === 'GET' || request.method === 'HEAD') {
      await serveImage(context, key, request, response);
    } else {
      response.set('allow', 'GET, HEAD');
      sendText(response, 405, 'method not allowed');
    }
  });

  // Express knows an error handler by its four parameters.
  const failed: ErrorRequestHandler = (error, _request, response, _next) => {
    const isBusy = error instanceof TeamTalkError && error.code === 'resource-exhausted';
    if (!isBusy) log.error({ err: error }, 'a request failed');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.set('retry-after', '5');
    sendText(response, 503, isBusy ? 'busy' : 'unavailable');
  };
  app.use(failed);
  return app;
}

function routeOf(path: string): string {
  if (path === '/') return 'upload';
  return keyOf(path) ? 'image' : 'unknown';
}
