import { createHash, randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';

/** 256 bits, URL-safe. */
const tokenPattern = /^[\w-]{43}$/;

/** With TLS the prefix binds the cookie to this host; other hosts of the domain cannot set it. */
function cookieOf({ secure }: Request): string {
  return secure ? '__Host-teamtalk-console' : 'teamtalk-console';
}

/** SHA-256 of a session's token, by which db_proxy_server stores and finds it. */
export function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** SHA-256 of a request's session token; undefined: no session. */
export function sessionOf(request: Request): Buffer | undefined {
  const name = `${cookieOf(request)}=`;
  const cookies = (request.get('cookie') ?? '').split(';').map((each) => each.trim());
  const token = cookies.find((each) => each.startsWith(name))?.slice(name.length);
  return token !== undefined && tokenPattern.test(token) ? hashOf(token) : undefined;
}

/** A new token. Every login gets one, which prevents session fixation. */
export function newSession(): { token: string; hash: Buffer } {
  const token = randomBytes(32).toString('base64url');
  return { token, hash: hashOf(token) };
}

export function setCookie(request: Request, response: Response, token: string): void {
  response.cookie(cookieOf(request), token, attributes(request));
}

export function clearCookie(request: Request, response: Response): void {
  response.clearCookie(cookieOf(request), attributes(request));
}

function attributes({ secure }: Request) {
  return { httpOnly: true, sameSite: 'strict', secure, path: '/' } as const;
}
