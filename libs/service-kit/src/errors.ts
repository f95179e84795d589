/**
 * The closed set of reasons a request between services can fail for. libs/rpc maps them to gRPC status
 * codes, msg_server to the client protocol's result codes; no other code invents one.
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

/** An error with a stable code; `cause` keeps what was wrapped. */
export class TeamTalkError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TeamTalkError';
    this.code = code;
  }
}

/** True where the same request may succeed a moment later or at another replica. */
export function isTransient(error: unknown): boolean {
  return (
    error instanceof TeamTalkError &&
    (error.code === 'unavailable' ||
      error.code === 'deadline-exceeded' ||
      error.code === 'resource-exhausted')
  );
}
