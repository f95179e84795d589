import { type ServiceError, status } from '@grpc/grpc-js';
import { type ErrorCode, TeamTalkError } from '@teamtalk/service-kit';

const toStatus: Record<ErrorCode, status> = {
  'invalid-argument': status.INVALID_ARGUMENT,
  'not-found': status.NOT_FOUND,
  'not-permitted': status.PERMISSION_DENIED,
  'resource-exhausted': status.RESOURCE_EXHAUSTED,
  unavailable: status.UNAVAILABLE,
  'deadline-exceeded': status.DEADLINE_EXCEEDED,
  internal: status.INTERNAL,
};

const toCode = new Map(Object.entries(toStatus).map(([code, number]) => [number, code as ErrorCode]));

/** Maps an error to a gRPC status. Anything but a TeamTalkError is INTERNAL, without its text. */
export function grpcStatusOf(error: unknown): { code: status; details: string } {
  if (error instanceof TeamTalkError) return { code: toStatus[error.code], details: error.message };
  return { code: status.INTERNAL, details: 'internal error' };
}

/** Maps a failed call to a TeamTalkError. */
export function errorOf(method: string, error: ServiceError): TeamTalkError {
  const code = error.code === status.CANCELLED ? 'unavailable' : (toCode.get(error.code) ?? 'internal');
  return new TeamTalkError(code, `${method}: ${error.details || error.message}`, { cause: error });
}
