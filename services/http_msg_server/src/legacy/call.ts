import { type Actor, isTooDeep } from '@teamtalk/administration';
import type { Request } from 'express';
import { z } from 'zod';
import type { Requirement } from '../auth/access.js';
import type { App } from '../auth/app.js';
import type { Context } from '../context.js';
import { bytesOf } from '../http/body.js';
import { idempotencyKey } from '../http/fields.js';
import type { ErrorCode } from './legacy-answer.js';

/** A request to a legacy endpoint. */
export interface Call {
  /** the JSON object in the body */
  readonly body: Readonly<Record<string, unknown>>;
  /** the parameters in the URL */
  readonly query: URLSearchParams;
  /** the header Idempotency-Key */
  readonly idempotencyKey: string | undefined;
  /** the calling app; undefined: none, where the API is open */
  readonly app: App | undefined;
  /** whether the call is not held to the user's rights: an administrator makes it, or the API is open */
  readonly administers: boolean;
  readonly actor: Actor;
}

/** The result of a call. */
export interface Result {
  readonly code: ErrorCode;
  /** trace id of the message sent */
  readonly trace?: string;
  /** further fields of the response */
  readonly more?: Record<string, unknown>;
  /** URL of what was created */
  readonly location?: string;
}

export type Handler = (context: Context, call: Call) => Promise<Result> | Result;

/** A legacy endpoint; all of them are POST. */
export interface LegacyEndpoint extends Requirement {
  readonly handle: Handler;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const jsonObject = z.record(z.string(), z.unknown());

/**
 * Parses a request whose body has been read, whatever its Content-Type.
 * @throws SyntaxError, TypeError or ZodError when the body is not a JSON object in UTF-8
 */
export function readCall(request: Request): Omit<Call, 'app' | 'administers' | 'actor'> {
  const body = jsonObject.parse(JSON.parse(utf8.decode(bytesOf(request))));
  if (isTooDeep(body)) throw new TypeError('the body is nested too deeply');
  return {
    body,
    query: new URL(request.originalUrl, 'http://localhost').searchParams,
    idempotencyKey: request.get('idempotency-key'),
  };
}

/**
 * The user a call acts as: `from_user_id` or `req_user_id`, which mean the same, in the body or else in the URL
 * (client-behaviour.md#answers-of-the-legacy-api). The default for an app bound to one user is that user.
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

/** The caller's `app_key`. The URL takes precedence, as in the API document. */
export function appKeyOf({ body, query }: Pick<Call, 'body' | 'query'>): string | undefined {
  const key = query.get('app_key') ?? body.app_key;
  return typeof key === 'string' ? key : undefined;
}

/** The caller's idempotency key: `id` in the body, or the header Idempotency-Key. */
export function keyOf({ body, idempotencyKey: header }: Call) {
  return idempotencyKey.optional().safeParse(body.id ?? header);
}
