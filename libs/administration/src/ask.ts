import type { Method } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Backend } from './backend.js';
import { Problem } from './problem.js';

/** Milliseconds the store has to respond. */
const storeMs = 3_500;

/**
 * Calls the store; the call is retried, so it has to be idempotent.
 * @throws Problem when the store does not respond or refuses the request
 */
export async function ask<RequestIn, RequestOut, ReplyIn, ReplyOut>(
  { pool }: Pick<Backend, 'pool'>,
  method: Method<RequestIn, RequestOut, ReplyIn, ReplyOut>,
  request: RequestIn,
  deadlineMs = storeMs,
): Promise<ReplyOut> {
  return reply(pool.call(method, request, deadlineMs));
}

/**
 * As `ask`, for calls that must not be made twice: it is not retried. When there is no reply the outcome is unknown.
 * @throws Problem when the store does not respond or refuses the request
 */
export async function askOnce<RequestIn, RequestOut, ReplyIn, ReplyOut>(
  { pool }: Pick<Backend, 'pool'>,
  method: Method<RequestIn, RequestOut, ReplyIn, ReplyOut>,
  request: RequestIn,
  deadlineMs = storeMs,
): Promise<ReplyOut> {
  return reply(pool.callOnce(method, request, deadlineMs));
}

async function reply<Reply>(asked: Promise<Reply>): Promise<Reply> {
  try {
    return await asked;
  } catch (error) {
    throw problemOf(error);
  }
}

/** The problem to report for a failed call to another service. */
function problemOf(error: unknown): unknown {
  if (!(error instanceof TeamTalkError)) return error;
  const detail = error.message.replace(/^\S+: /, '');
  if (error.code === 'invalid-argument') return new Problem('invalid-request', detail);
  if (error.code === 'not-found') return new Problem('not-found', detail);
  return error.code === 'internal' ? error : new Problem('unavailable');
}
