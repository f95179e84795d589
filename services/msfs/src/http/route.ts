import type { IncomingMessage } from 'node:http';
import { keyOf } from '../images/image-name.js';

/**
 * Classifies a request for metrics and traces. A POST is an upload whatever its path: Windows clients use `/upload/`
 * (client-behaviour.md#uploads).
 */
export function routeOf(request: IncomingMessage): 'image' | 'upload' | 'unknown' {
  if (request.method === 'POST' || request.method === 'OPTIONS') return 'upload';
  const path = pathOf(request);
  if (keyOf(path)) return 'image';
  return path === '/' ? 'upload' : 'unknown';
}

/** The path without the query. */
export function pathOf({ url = '' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}
