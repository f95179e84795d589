import type { z } from 'zod';
import type { App, Permission } from '../auth/app.js';
import type { Context } from '../context.js';

/** A call of an operation whose parts have been checked. */
export interface Input<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly app: App;
  /** the header Idempotency-Key */
  readonly idempotencyKey: string | undefined;
}

/** What an operation answers. */
interface Answer<Reply> {
  readonly reply: Reply;
  /** where what was made can be looked at */
  readonly location?: string;
  /** of the message sent */
  readonly trace?: string;
}

/** One method of one path, with what it takes and gives; the OpenAPI document is made of it. */
export interface Definition<Params, Query, Body, Reply> {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** with parameters in braces */
  readonly path: `/v1/${string}`;
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly permission: Permission;
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  /** of a call that worked */
  readonly status: 200 | 201 | 202 | 204;
  /** left out where there is nothing to say */
  readonly reply?: z.ZodType<Reply>;
  /** the user in whose name it is done, where there is one */
  readonly sender?: (input: { params: Params; query: Query; body: Body }) => number | undefined;
  /** @throws Problem when it cannot be done */
  readonly handle: (context: Context, input: Input<Params, Query, Body>) => Promise<Answer<Reply>>;
}

/** An operation whose types are known only inside it. */
export type Operation = Definition<never, never, never, unknown>;

/** Keeps a definition's types together while it is written. */
export function operation<Params = undefined, Query = undefined, Body = undefined, Reply = undefined>(
  definition: Definition<Params, Query, Body, Reply>,
): Operation {
  return definition as unknown as Operation;
}
