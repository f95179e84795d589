import type { Method } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Context } from '../context.js';
import { Problem } from './problem.js';

/** Milliseconds the store has to answer. */
const storeMs = 3_500;

/**
 * Asks the store what may safely be asked twice.
 * @throws Problem when there is no answer, or it says that the request cannot be served
 */
export async function ask<RequestIn, RequestOut, ReplyIn, ReplyOut>(
  { pool }: Context,
  method: Method<RequestIn, RequestOut, ReplyIn, ReplyOut>,
  request: RequestIn,
): Promise<ReplyOut> {
  try {
    return await pool.call(method, request, storeMs);
  } catch (error) {
    throw problemOf(error);
  }
}

/** What the failure of a call to another service means to the caller of the API. */
function problemOf(error: unknown): unknown {
  if (!(error instanceof TeamTalkError)) return error;
  const detail = error.message.replace(/^\S+: /, '');
  if (error.code === 'invalid-argument') return new Problem('invalid-request', detail);
  if (error.code === 'not-found') return new Problem('not-found', detail);
  return error.code === 'internal' ? error : new Problem('unavailable');
}
