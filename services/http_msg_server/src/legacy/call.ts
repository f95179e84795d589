import type { Request } from 'express';
import { z } from 'zod';
import type { App, Permission } from '../auth/app.js';
import type { Context } from '../context.js';
import { bytesOf } from '../http/body.js';
import { idempotencyKey } from '../http/fields.js';
import { isTooDeep } from '../http/json-depth.js';
import type { ErrorCode } from './legacy-answer.js';

/** A caller's request, whatever the interface. */
export interface Call {
  /** the JSON object in the body */
  readonly body: Readonly<Record<string, unknown>>;
  /** the parameters in the URL */
  readonly query: URLSearchParams;
  /** the header Idempotency-Key */
  readonly idempotencyKey: string | undefined;
  /** who calls; undefined: anybody, the API being open */
  readonly app: App | undefined;
}

/** What an interface makes of a call. */
export interface Result {
  readonly code: ErrorCode;
  /** of the message, when one was sent on its way */
  readonly trace?: string;
  /** fields added to the answer */
  readonly more?: Record<string, unknown>;
  /** where what was made can be looked at */
  readonly location?: string;
}

export type Handler = (context: Context, call: Call) => Promise<Result> | Result;

/** A legacy interface; all of them are POST. */
export interface LegacyEndpoint {
  readonly permission: Permission;
  readonly handle: Handler;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const jsonObject = z.record(z.string(), z.unknown());

/**
 * Reads a request whose body has arrived, whatever its Content-Type says.
 * @throws SyntaxError, TypeError or ZodError when the body is not a JSON object in UTF-8
 */
export function readCall(request: Request): Omit<Call, 'app'> {
  const body = jsonObject.parse(JSON.parse(utf8.decode(bytesOf(request))));
  if (isTooDeep(body)) throw new TypeError('the body is nested too deeply');
  return {
    body,
    query: new URL(request.originalUrl, 'http://localhost').searchParams,
    idempotencyKey: request.get('idempotency-key'),
  };
}

/**
 * The user in whose name a call is made: `from_user_id` and `req_user_id` mean the same, and may also stand
 * in the URL (client-behaviour.md#answers-of-the-legacy-api). The body counts first. Of an app that may speak as one user only,
 * it is that one when nobody is named.
 */
export function callerOf({ body, query, app }: Pick<Call, 'body' | 'query' | 'app'>): unknown {
  return (
    body.from_user_id ??
    body.req_user_id ??
    query.get('req_user_id') ??
    query.get('from_user_id') ??
    app?.userId
  );
}

/** The caller's `app_key`. The URL counts first: that is where the API document puts it. */
export function appKeyOf({ body, query }: Pick<Call, 'body' | 'query'>): string | undefined {
  const key = query.get('app_key') ?? body.app_key;
  return typeof key === 'string' ? key : undefined;
}

/** The caller's own name for what he wants done: `id` in the body, or the header Idempotency-Key. */
export function keyOf({ body, idempotencyKey: header }: Call) {
  return idempotencyKey.optional().safeParse(body.id ?? header);
}
