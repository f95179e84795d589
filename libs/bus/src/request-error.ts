import { PermissionViolationError } from '@nats-io/transport-node';
import { TeamTalkError } from '@teamtalk/service-kit';

/** A request had no subscriber: its receiver is gone, or not up yet. */
export class NobodyListensError extends TeamTalkError {
  constructor(subject: string, options?: ErrorOptions) {
    super('unavailable', `nobody listens on ${subject}`, options);
  }
}

export function deadlineError(subject: string, timeoutMs: number): TeamTalkError {
  return new TeamTalkError('deadline-exceeded', `no answer on ${subject} within ${timeoutMs} ms`);
}

/** Maps a failed request to the error its caller gets. */
export function requestError(error: unknown, subject: string): TeamTalkError {
  if (error instanceof TeamTalkError) return error;
  if (error instanceof PermissionViolationError) {
    return new TeamTalkError('not-permitted', `NATS refuses the request on ${subject}`, { cause: error });
  }
  return new TeamTalkError('unavailable', `the request on ${subject} failed`, { cause: error });
}
