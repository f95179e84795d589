import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';

/** @returns whether a request shows one of these tokens */
export function hasToken(tokens: readonly string[]): (request: Request) => boolean {
  // Digests have equal lengths, so that the comparison takes constant time.
  const digests = tokens.map(digest);
  return (request) => {
    const given = tokenOf(request);
    if (given === undefined) return false;
    const asked = digest(given);
    return digests.filter((each) => timingSafeEqual(each, asked)).length > 0;
  };
}

function tokenOf(request: Request): string | undefined {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  const { token } = request.query;
  return bearer ?? (typeof token === 'string' ? token : undefined);
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
