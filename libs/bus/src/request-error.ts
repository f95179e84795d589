import { RequestError, TimeoutError } from '@nats-io/transport-node';
import { TeamTalkError } from '@teamtalk/service-kit';

/** A request had no subscriber: its receiver is gone, or not up yet. */
export class NobodyListensError extends TeamTalkError {
  constructor(subject: string, options?: ErrorOptions) {
    super('unavailable', `nobody listens on ${subject}`, options);
  }
}

/** Maps a failed request to the error its caller gets. */
export function requestError(error: unknown, subject: string, timeoutMs: number): TeamTalkError {
  if (error instanceof TimeoutError) {
    return new TeamTalkError('deadline-exceeded', `no answer on ${subject} within ${timeoutMs} ms`, {
      cause: error,
    });
  }
  if (error instanceof RequestError && error.isNoResponders()) {
    return new NobodyListensError(subject, { cause: error });
  }
  return new TeamTalkError('unavailable', `the request on ${subject} failed`, { cause: error });
}
