import type { ServerResponse } from 'node:http';

/**
 * The type of answers to an upload, JSON though they are: that of the original. The library of iOS and Mac clients takes
 * no other (client-behaviour.md#uploads).
 */
export const uploadType = 'text/html; charset=utf-8';

/** Answers with a line of JSON, which nobody keeps. */
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
