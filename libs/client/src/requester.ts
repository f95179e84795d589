import type { Command } from '@teamtalk/protocol';

/** The part of a logged-in client that makes requests. */
export interface Requester {
  /** @throws ClientError `not-logged-in` */
  readonly userId: number;

  /** Sends a request and returns the response, matched by its sequence number. */
  request<P extends object, M extends object>(
    command: Command<object, P>,
    answer: Command<M, never>,
    message: NoInfer<P>,
    options?: { deadlineMs?: number },
  ): Promise<M>;
}
