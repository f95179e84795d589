import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RequestHandler } from 'express';
import sirv from 'sirv';

/** Where the pages are built to. */
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

/** Nothing from other hosts but the pictures that somebody wants to see, no inline script or style, and in no frame. */
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
    // Nothing may become markup or a script from a text.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'x-frame-options': 'DENY',
};

/** The pages: built files, whose names change with their content, compressed ahead; for every other path the one page. */
export function pages(): RequestHandler {
  const isBuilt = existsSync(path.join(folder, 'index.html'));
  const files =
    isBuilt &&
    sirv(folder, {
      brotli: true,
      gzip: true,
      etag: true,
      single: true,
      setHeaders: (response, file) => {
        const isHashed = file.startsWith('/assets/');
        response.setHeader('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
  return (request, response) => {
    response.set(headers);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.status(405).set('allow', 'GET, HEAD').end();
    } else if (files) {
      files(request, response, () => void response.status(404).end());
    } else {
      response.status(503).set('cache-control', 'no-cache').type('html').end(notBuilt);
    }
  };
}
