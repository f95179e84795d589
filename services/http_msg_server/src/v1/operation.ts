import type { Actor } from '@teamtalk/administration';
import type { z } from 'zod';
import type { Requirement } from '../auth/access.js';
import type { App } from '../auth/app.js';
import type { Context } from '../context.js';

/** The validated input of an operation. */
export interface Input<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly app: App;
  /** whether the app has the operation's `administration`, and so is not held to a user's rights */
  readonly administers: boolean;
  readonly actor: Actor;
  /** the header Idempotency-Key */
  readonly idempotencyKey: string | undefined;
}

/** The result of an operation. */
interface Answer<Reply> {
  readonly reply: Reply;
  /** URL of what was created */
  readonly location?: string;
  /** trace id of the message sent */
  readonly trace?: string;
}

/** One method of one path with its schemas, from which the OpenAPI document is generated. */
export interface Definition<Params, Query, Body, Reply> extends Requirement {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** with parameters in braces */
  readonly path: `/v1/${string}`;
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  /** of a successful call */
  readonly status: 200 | 201 | 202 | 204;
  /** undefined for an empty response */
  readonly reply?: z.ZodType<Reply>;
  /** the user the call acts as, if any */
  readonly sender?: (input: { params: Params; query: Query; body: Body }) => number | undefined;
  /** @throws Problem when the operation fails */
  readonly handle: (context: Context, input: Input<Params, Query, Body>) => Promise<Answer<Reply>>;
}

/** An operation with its types erased. */
export type Operation = Definition<never, never, never, unknown>;

/** Infers and checks a definition's types, then erases them. */
export function operation<Params = undefined, Query = undefined, Body = undefined, Reply = undefined>(
  definition: Definition<Params, Query, Body, Reply>,
): Operation {
  return definition as unknown as Operation;
}
