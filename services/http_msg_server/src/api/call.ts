import type { Request } from 'express';
import { z } from 'zod';
import type { Context } from '../context.js';
import type { ErrorCode } from './legacy-answer.js';

/** A caller's request, whatever the interface. */
export interface Call {
  /** the JSON object in the body */
  readonly body: Readonly<Record<string, unknown>>;
  /** the parameters in the URL */
  readonly query: URLSearchParams;
  /** the header Idempotency-Key */
  readonly idempotencyKey: string | undefined;
}

/** What an interface makes of a call. */
export interface Result {
  readonly code: ErrorCode;
  /** of the message, when one was sent on its way */
  readonly trace?: string;
  /** fields added to the answer */
  readonly more?: Record<string, unknown>;
}

export type Handler = (context: Context, call: Call) => Promise<Result> | Result;

const utf8 = new TextDecoder('utf-8', { fatal: true });
const jsonObject = z.record(z.string(), z.unknown());

/**
 * Reads a request whose body has arrived, whatever its Content-Type says.
 * @throws SyntaxError, TypeError or ZodError when the body is not a JSON object in UTF-8
 */
export function readCall(request: Request): Call {
  const bytes: unknown = request.body;
  if (!Buffer.isBuffer(bytes)) throw new SyntaxError('the request has no body');
  return {
    body: jsonObject.parse(JSON.parse(utf8.decode(bytes))),
    query: new URL(request.originalUrl, 'http://localhost').searchParams,
    idempotencyKey: request.get('idempotency-key'),
  };
}

/**
 * The user in whose name a call is made: `from_user_id` and `req_user_id` mean the same, and may also stand
 * in the URL (protocol notes, section 9). The body counts first.
 */
export function callerOf({ body, query }: Call): unknown {
  return (
    body.from_user_id ??
    body.req_user_id ??
    query.get('req_user_id') ??
    query.get('from_user_id') ??
    undefined
  );
}

/** The caller's `app_key`. The URL counts first: that is where the API document puts it. */
export function appKeyOf({ body, query }: Call): string | undefined {
  const key = query.get('app_key') ?? body.app_key;
  return typeof key === 'string' ? key : undefined;
}
