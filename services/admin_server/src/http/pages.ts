import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { closeSources, pageFileOptions } from '@teamtalk/net';
import type { RequestHandler } from 'express';
import expressStaticGzip from 'express-static-gzip';

/** Output folder of the pages' build. */
const folder = fileURLToPath(new URL('../../dist/page', import.meta.url));

const notBuilt = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>TeamTalk console</title>
  </head>
  <body>
    <h1>The pages of the console are not built</h1>
    <p>Build them with <code>npm run build</code>. The API is at <a href="/admin/v1/openapi.json">/admin/v1</a>.</p>
  </body>
</html>
`;

/** Allows nothing from other hosts except images, no inline scripts or styles, and no framing. */
const headers = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self' data: http: https:",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    // Text never becomes markup or scripts.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'x-frame-options': 'DENY',
};

/** Serves the built files, which are precompressed and have content hashes in their names; any other path gets index.html. */
export function pages(): RequestHandler {
  const isBuilt = existsSync(path.join(folder, 'index.html'));
  const files = isBuilt && expressStaticGzip(folder, pageFileOptions(folder));
  return (request, response) => {
    response.set(headers);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.status(405).set('allow', 'GET, HEAD').end();
    } else if (files) {
      const end = (error?: Error) => {
        for (const name of ['content-encoding', 'content-length']) response.removeHeader(name);
        response.status(error ? 503 : 404).end();
      };
      closeSources(response);
      files(request, response, (error?: Error) => {
        if (error || path.extname(request.path) !== '') return end(error);
        request.url = '/index.html';
        files(request, response, end);
      });
    } else {
      response.status(503).set('cache-control', 'no-cache').type('html').end(notBuilt);
    }
  };
}
