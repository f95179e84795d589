import type { ConsolePermission } from '@teamtalk/rpc/console-rights';
import type { z } from 'zod';

/** `public`: anybody; `session`: any account that is logged in */
export type Access = 'public' | 'session' | ConsolePermission;

/** One method of one path, with its schemas. */
export interface Definition {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** parameters are in braces */
  readonly path: `/admin/v1/${string}`;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly access: Access;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** HTTP status of a successful call */
  readonly status: 200 | 201 | 204;
  /** left out for an empty response */
  readonly reply?: z.ZodType;
}

/** Checks definitions and keeps their exact types. */
export function define<const Table extends Readonly<Record<string, Definition>>>(table: Table): Table {
  return table;
}

type Part = 'params' | 'query' | 'body';

/** A part of a request before validation; undefined when there is none. */
type Written<D, P extends Part> = D extends { readonly [Name in P]: z.ZodType }
  ? z.input<D[P] & z.ZodType>
  : undefined;

/** A part of a request after validation; undefined when there is none. */
type Checked<D, P extends Part> = D extends { readonly [Name in P]: z.ZodType }
  ? z.output<D[P] & z.ZodType>
  : undefined;

/** The input of an operation: those of params, query and body that it has. */
export type RequestOf<D> = {
  [P in Part as D extends { readonly [Name in P]: z.ZodType } ? P : never]: Written<D, P>;
};

/** The validated input of a handler. */
export interface InputOf<D> {
  readonly params: Checked<D, 'params'>;
  readonly query: Checked<D, 'query'>;
  readonly body: Checked<D, 'body'>;
}

/** The response of an operation; undefined when it is empty. */
export type ReplyOf<D> = D extends { readonly reply: z.ZodType } ? z.output<D['reply']> : undefined;
