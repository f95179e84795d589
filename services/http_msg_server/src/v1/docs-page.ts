import { createRequire } from 'node:module';
import path from 'node:path';
import express, { Router } from 'express';

/** Files served from swagger-ui-dist. Its own index page is not used, because it loads an example from another host. */
const assets = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>TeamTalk HTTP API</title>
    <link rel="stylesheet" href="swagger-ui.css">
    <link rel="icon" href="favicon-32x32.png">
  </head>
  <body>
    <div id="page"></div>
    <script src="swagger-ui-bundle.js"></script>
    <script src="page.js"></script>
  </body>
</html>
`;

const script = `SwaggerUIBundle({ url: '../openapi.json', dom_id: '#page', validatorUrl: null, tryItOutEnabled: true });
`;

/** Swagger UI at /v1/docs/; loads nothing from other hosts. */
export function docsPage(): Router {
  const folder = path.dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const router = Router({ strict: true });
  router.use((_request, response, next) => {
    response.set({
      'content-security-policy':
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
    });
    next();
  });
  router.get('/', (request, response) => {
    // Relative URLs need the trailing slash.
    if (!request.originalUrl.split('?')[0]?.endsWith('/')) response.redirect(308, `${request.baseUrl}/`);
    else response.type('html').end(page);
  });
  router.get('/page.js', (_request, response) => {
    response.type('js').end(script);
  });
  for (const asset of assets) {
    router.get(`/${asset}`, express.static(folder, { index: false, maxAge: '1d' }));
  }
  return router;
}
