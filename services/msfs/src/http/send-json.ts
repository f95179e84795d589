import type { ServerResponse } from 'node:http';

/**
 * The content type of upload responses. They are JSON, but have the type of the original, because the library of iOS and
 * Mac clients accepts no other (client-behaviour.md#uploads).
 */
export const uploadType = 'text/html; charset=utf-8';

/** Sends a line of uncacheable JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    'content-type': response.req.method === 'POST' ? uploadType : 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(text);
}
