import type { Request } from 'express';

/** The raw request body; empty when there is none. */
export function bytesOf(request: Request): Buffer {
  const bytes: unknown = request.body;
  return Buffer.isBuffer(bytes) ? bytes : Buffer.alloc(0);
}
