import type { IncomingMessage } from 'node:http';
import { keyOf } from '../images/image-name.js';

/** Which of the few things msfs does a request is for: the name in metrics and traces. */
export function routeOf(request: IncomingMessage): 'image' | 'upload' | 'unknown' {
  const path = pathOf(request);
  if (keyOf(path)) return 'image';
  return path === '/' ? 'upload' : 'unknown';
}

/** The path without the query. */
export function pathOf({ url = '' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}
