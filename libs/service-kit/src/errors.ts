/**
 * The closed set of error codes between services. libs/rpc maps them to gRPC status codes, msg_server to the client
 * protocol's result codes; there are no others.
 */
export const errorCodes = [
  'invalid-argument',
  'not-found',
  'not-permitted',
  'resource-exhausted',
  'unavailable',
  'deadline-exceeded',
  'internal',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** An error with a stable code; `cause` is the underlying error. */
export class TeamTalkError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TeamTalkError';
    this.code = code;
  }
}

/** True if a retry of the same request, or another replica, may succeed. */
export function isTransient(error: unknown): boolean {
  return (
    error instanceof TeamTalkError &&
    (error.code === 'unavailable' ||
      error.code === 'deadline-exceeded' ||
      error.code === 'resource-exhausted')
  );
}
