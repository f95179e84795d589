import { z } from 'zod';
import { brokenRule, type FaultCode, faultCodes } from './faults.js';

/** Status and title of each problem, by the last part of its `type` (RFC 9457). */
const kinds = {
  'invalid-request': { status: 400, title: 'The request is invalid' },
  'unknown-app': { status: 401, title: 'No app has this key or signature' },
  'not-logged-in': { status: 401, title: 'Nobody is logged in, or the session has ended' },
  'not-permitted': { status: 403, title: 'The caller may not do this' },
  'wrong-login': {
    status: 403,
    title: 'The name or password is wrong, or the link is no longer valid',
  },
  'code-needed': { status: 403, title: 'A second-factor code is required' },
  'wrong-code': { status: 403, title: 'The code is wrong, or was used before' },
  'second-factor-needed': { status: 403, title: 'The role requires a second factor' },
  'wrong-origin': { status: 403, title: 'The request comes from a page of another origin' },
  'wrong-address': { status: 403, title: 'The app may not call from this address' },
  'wrong-sender': { status: 403, title: 'The app may not act as this user' },
  'not-found': { status: 404, title: 'Not found' },
  'method-not-allowed': { status: 405, title: 'The path does not support this method' },
  conflict: { status: 409, title: 'The request conflicts with the current state' },
  'too-large': { status: 413, title: 'The request is too large' },
  'other-request': { status: 422, title: 'The Idempotency-Key was used for another request' },
  'not-possible': { status: 422, title: 'It cannot be done for these users or groups' },
  'too-many-calls': { status: 429, title: 'The caller has exceeded its rate limit' },
  'server-error': { status: 500, title: 'Something went wrong here' },
  unavailable: { status: 503, title: 'Temporarily unavailable; try again' },
} as const;

export type ProblemKind = keyof typeof kinds;

export const problemKinds = Object.keys(kinds) as ProblemKind[];

/** An invalid part of the request. */
export interface Fault {
  /** JSON pointer into the body, or a parameter's name */
  at: string;
  detail: string;
  /** of the rule it breaks */
  code?: FaultCode | undefined;
  /** the rule's number, such as the most characters */
  limit?: number | undefined;
}

/** A problem's JSON. */
export const problemSchema = z
  .object({
    type: z.string().describe('urn:teamtalk:problem: followed by the kind of problem'),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    code: z.string().optional().describe('Of the cause, where it is known; stable, unlike `detail`'),
    errors: z
      .array(
        z.object({
          at: z.string().describe('JSON pointer into the body, or a parameter'),
          detail: z.string(),
          code: z.enum(faultCodes).optional().describe('Of the rule it breaks; stable, unlike `detail`'),
          limit: z.number().optional().describe('The number in that rule, such as the most characters'),
        }),
      )
      .optional(),
  })
  .meta({ id: 'Problem', description: 'Why a call failed (RFC 9457)' });

/** Thrown by operations and sent as the response. */
export class Problem extends Error {
  readonly kind: ProblemKind;
  /** of the cause */
  readonly code: string | undefined;
  readonly faults: readonly Fault[] | undefined;

  constructor(kind: ProblemKind, detail?: string, faults?: readonly Fault[]) {
    super(detail ?? kinds[kind].title);
    this.kind = kind;
    this.faults = faults;
  }

  get status(): number {
    return kinds[this.kind].status;
  }

  toJSON(): z.input<typeof problemSchema> {
    const { status, title } = kinds[this.kind];
    return {
      type: `urn:teamtalk:problem:${this.kind}`,
      title,
      status,
      ...(this.message !== title && { detail: this.message }),
      ...(this.code && { code: this.code }),
      ...(this.faults && { errors: [...this.faults] }),
    };
  }
}

/** @param prefix `path` or `query` for parameters; empty for the body */
export function invalidRequest(error: z.ZodError, prefix = ''): Problem {
  const faults = error.issues.map((issue) => ({
    at: prefix === '' ? `/${issue.path.join('/')}` : issue.path.join('.') || prefix,
    detail: issue.message,
    ...brokenRule(issue),
  }));
  return new Problem('invalid-request', undefined, faults.slice(0, 20));
}
