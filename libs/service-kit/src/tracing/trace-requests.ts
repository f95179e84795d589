import type { RequestListener, ServerResponse } from 'node:http';
import type { Tracing } from './tracing.js';

/**
 * Traces each HTTP request that is sampled or has a sampled traceparent.
 * @param routeOf the route that was served, out of few; called when the response is done
 */
export function traceRequests<L extends RequestListener>(
  tracing: Tracing | undefined,
  serve: L,
  routeOf: (response: ServerResponse) => string | undefined,
): RequestListener {
  if (!tracing) return serve;
  return (request, response) => {
    const method = request.method ?? '';
    const attributes = { 'http.request.method': method };
    const span = tracing.begin({ name: method, kind: 'server', attributes }, request.headers);
    if (!span) {
      serve(request, response);
      return;
    }
    response.once('close', () => {
      const route = routeOf(response);
      if (route !== undefined) {
        span.rename(`${method} ${route}`);
        span.set({ 'http.route': route });
      }
      if (response.headersSent) span.set({ 'http.response.status_code': response.statusCode });
      if (!response.writableFinished) span.fail('aborted');
      else if (response.statusCode >= 500) span.fail(String(response.statusCode));
      span.end();
    });
    span.run(() => serve(request, response));
  };
}
