import { existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { closeSources, pageFileOptions, strictTransport } from '@teamtalk/net';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import expressStaticGzip from 'express-static-gzip';
import type { WebServerConfig } from './config.js';
import { securityHeaders, workerPolicy } from './security-headers.js';

/** Route label of a request, for metrics and traces. */
export function routeOf(request: IncomingMessage): 'config' | 'page' {
  return pathOf(request) === '/config.json' ? 'config' : 'page';
}

function pathOf({ url = '' }: IncomingMessage): string | undefined {
  return url.split('?', 1)[0];
}

/**
 * Serves `/config.json` and the files of a folder.
 *
 * @throws Error when the page has not been built
 */
export function pageHandler(
  config: Pick<
    WebServerConfig,
    | 'webSocketUrls'
    | 'fileServerUrl'
    | 'msfsUrl'
    | 'imageOrigins'
    | 'pushKey'
    | 'textKey'
    | 'hstsSeconds'
    | 'trustedProxies'
  >,
  folder: string,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { webSocketUrls, fileServerUrl, msfsUrl, imageOrigins, pushKey, textKey } = config;
  const { hstsSeconds, trustedProxies } = config;
  const headers = securityHeaders(config);
  const settings = Buffer.from(
    JSON.stringify({ webSocketUrls, fileServerUrl, msfsUrl, imageOrigins, pushKey, textKey }),
  );
  const files = pageFiles(folder);

  return (request, response) => {
    const strict = strictTransport(request, hstsSeconds, trustedProxies);
    for (const [name, value] of Object.entries({ ...headers, ...strict })) response.setHeader(name, value);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      refuse(response, 405, 'method not allowed', { allow: 'GET, HEAD' });
    } else if (routeOf(request) === 'config') {
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': settings.length,
        'cache-control': 'no-store',
      });
      response.end(settings);
    } else {
      if (pathOf(request) === '/sw.js') response.setHeader('content-security-policy', workerPolicy);
      closeSources(response);
      files(request, response);
    }
  };
}

function pageFiles(folder: string): Express {
  if (!existsSync(path.join(folder, 'index.html'))) throw new Error(`${folder}: the page has not been built`);
  const files = express();
  files.disable('x-powered-by');
  files.use(expressStaticGzip(folder, pageFileOptions(folder)));
  files.use((_request: Request, response: Response) => refuse(response, 404, 'not found'));
  files.use((_error: Error, _request: Request, response: Response, _next: NextFunction) => {
    response.removeHeader('content-encoding');
    refuse(response, 503, 'try again later', { 'retry-after': '5' });
  });
  return files;
}

/** Responds with one line of text, which is not cached. */
export function refuse(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const line = `${text}\n`;
  response.writeHead(status, {
    'content-type': 'text/plain',
    'content-length': line.length,
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(line);
}
