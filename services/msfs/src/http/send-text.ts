import type { Response } from 'express';

/** Answers with a line of text, for everything that is no image and no upload; nobody keeps it. */
export function sendText(response: Response, status: number, text: string): void {
  for (const name of response.getHeaderNames()) {
    if (name !== 'connection' && name !== 'retry-after' && name !== 'allow') response.removeHeader(name);
  }
  response.status(status).set({
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
  });
  response.end(`${text}\n`);
}
