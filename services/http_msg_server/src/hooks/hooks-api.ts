import { plainAddress } from '@teamtalk/net';
import { MsgType } from '@teamtalk/protocol';
import { bots, type httpApi } from '@teamtalk/rpc';
import { isTransient, sourceNetwork, tokenHash } from '@teamtalk/service-kit';
import { type ErrorRequestHandler, type Request, type RequestHandler, type Response, Router } from 'express';
import { type SendOutcome, sendMessage } from '../actions/send-message.js';
import type { ApiOptions } from '../http/api-options.js';
import { bytesOf } from '../http/body.js';
import { idempotencyKey } from '../http/fields.js';
import { scopedKey } from '../http/idempotency-key.js';
import { KeyedPace, type Pace } from '../http/keyed-pace.js';
import { messageText } from './message-text.js';
import { payloadOf } from './payload.js';

type Hook = httpApi.api.Hook;

/** Response bodies and their HTTP statuses, as in Slack's incoming webhooks where these have an equivalent. */
const answers = {
  ok: 200,
  invalid_payload: 400,
  no_text: 400,
  action_prohibited: 403,
  no_service: 404,
  channel_not_found: 404,
  method_not_allowed: 405,
  msg_too_long: 413,
  rate_limited: 429,
  server_error: 500,
  unavailable: 503,
} as const;

type Answer = keyof typeof answers;

interface Locals {
  route?: string;
  hook?: Hook | undefined;
  /** performance.now() when the request began */
  begin?: number;
}

const route = '/hooks/{token}';
/** Metric label of posts to unknown hooks. */
const none = 'none';
/** Deadline for finding a hook, and for finding a receiver, milliseconds. */
const findMs = 2_000;
/** Limit of wrong tokens from one network, since each of them is a query to the store. */
const wrongTokens: Pace = { perSecond: 1, burst: 20 };
/** Burst of a hook, in seconds of its rate. */
const burstSeconds = 10;
/** More than the maximum number of hooks. */
const maxKnown = 2_000;

const sendAnswers: Record<SendOutcome['status'], Answer> = {
  stored: 'ok',
  'too-long': 'msg_too_long',
  'unknown-user': 'channel_not_found',
  'not-a-member': 'channel_not_found',
  'to-oneself': 'channel_not_found',
  unavailable: 'unavailable',
  'unknown-type': 'invalid_payload',
  'not-audio': 'invalid_payload',
  invalid: 'invalid_payload',
};

/** Serves hooks: a bot sends what is posted to /hooks/TOKEN, as to Slack's incoming webhooks, to a user or group. */
export function hooksApi({ kit, context }: ApiOptions, readBody: RequestHandler): RequestHandler {
  const { clientLog, health, log, metrics } = kit;
  const answered = metrics.counter('hook_posts_total', 'Posts to hooks, by answer', ['hook', 'outcome']);
  const wrong = new KeyedPace();
  const posts = new KeyedPace();
  /** Hashes of tokens that have been valid here, whose posts are not throttled because of wrong tokens from their network. */
  const known = new Set<string>();

  function answer(
    request: Request,
    response: Response,
    what: Answer,
    more: { trace?: string; ms?: number } = {},
  ) {
    const { hook, begin = performance.now() } = response.locals as Locals;
    const name = hook?.name ?? none;
    answered.inc({ hook: name, outcome: what });
    const fields = {
      hook: name,
      answer: what,
      ms: Math.round(performance.now() - begin),
      ...(more.trace && { trace: more.trace }),
      peer: request.ip,
    };
    if (hook || what === 'server_error') log.info(fields, 'post to a hook answered');
    else clientLog.info(request.ip ?? '', fields, 'post to a hook refused');
    if (response.headersSent || response.destroyed) return;
    if (health.draining) response.set('connection', 'close');
    if (what === 'rate_limited') response.set('retry-after', String(Math.ceil((more.ms ?? 0) / 1_000)));
    if (what === 'unavailable') response.set('retry-after', '1');
    if (what === 'method_not_allowed') response.set('allow', 'POST');
    if (more.trace) response.set('x-trace-id', more.trace);
    response.set({ 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
    response.status(answers[what]).end(what);
  }

  /** Refuses invalid posts before their body is read. */
  const admit: RequestHandler = async (request, response, next) => {
    const locals = response.locals as Locals;
    locals.route = route;
    const hash = tokenHash(String(request.params.token));
    const digest = hash.toString('base64');
    const network = sourceNetwork(plainAddress(request.ip ?? ''));
    const isKnown = known.has(digest);
    const wrongMs = isKnown ? 0 : wrong.waitMs(network, wrongTokens);
    if (wrongMs > 0) return answer(request, response, 'rate_limited', { ms: wrongMs });
    // Counts as wrong until it is found, so that concurrent wrong tokens are throttled too.
    if (!isKnown) wrong.take(network, wrongTokens);
    let isWrong = false;
    try {
      const found = await context.pool.call(bots.findHook, { tokenHash: hash }, findMs);
      locals.hook = (found.hook as Hook | null) ?? undefined;
      isWrong = !locals.hook;
    } finally {
      if (!isKnown && !isWrong) wrong.giveBack(network, wrongTokens);
    }
    const { hook } = locals;
    if (!hook) {
      known.delete(digest);
      return answer(request, response, 'no_service');
    }
    if (known.size >= maxKnown) known.clear();
    known.add(digest);
    const pace = { perSecond: hook.rate, burst: Math.max(1, hook.rate * burstSeconds) };
    const ms = posts.waitMs(String(hook.hookId), pace);
    if (ms > 0) return answer(request, response, 'rate_limited', { ms });
    posts.take(String(hook.hookId), pace);
    next();
  };

  /** @returns the receiver, or the answer if the post may not go to the receiver it names */
  async function receiverOf(hook: Hook, channel: unknown): Promise<httpApi.api.Receiver | Answer> {
    const own = hook.receiver as httpApi.api.Receiver;
    if (channel === undefined || channel === null || channel === '') return own;
    if (typeof channel !== 'string') return 'invalid_payload';
    // Slack also accepts a channel name without #.
    const receiver = /^[@#]|^(user|group):/.test(channel) ? channel : `#${channel}`;
    const request = { fromUserId: hook.botId, receiver };
    const named = await context.pool.call(bots.findReceiver, request, findMs);
    const isOwn = named.userId === own.userId && named.groupId === own.groupId;
    if (!hook.anyReceiver && !isOwn) return 'action_prohibited';
    return named.userId > 0 || named.groupId > 0 ? (named as httpApi.api.Receiver) : 'channel_not_found';
  }

  const handle: RequestHandler = async (request, response) => {
    const hook = (response.locals as Locals).hook as Hook;
    const payload = payloadOf(bytesOf(request));
    const key = idempotencyKey.optional().safeParse(request.get('idempotency-key'));
    if (!payload || !key.success) return answer(request, response, 'invalid_payload');
    const msg = messageText(payload);
    if (msg === '') return answer(request, response, 'no_text');
    const to = await receiverOf(hook, payload.channel);
    if (typeof to === 'string') return answer(request, response, to);
    const { status, trace } = await sendMessage(context, {
      fromUserId: hook.botId,
      toSessionId: to.groupId || to.userId,
      msgType: to.groupId > 0 ? MsgType.GROUP_TEXT : MsgType.SINGLE_TEXT,
      msg,
      key: scopedKey(undefined, `hook ${hook.hookId}`, key.data),
    });
    answer(request, response, sendAnswers[status], trace ? { trace } : {});
  };

  // Express recognises an error handler by its four parameters.
  const failed: ErrorRequestHandler = (error, request, response, _next) => {
    // Errors in reading the body carry a status: too large, aborted, unknown encoding.
    const status: unknown = (error as { status?: unknown } | undefined)?.status;
    if (status === 413) return answer(request, response, 'msg_too_long');
    if (typeof status === 'number' && status < 500) return answer(request, response, 'invalid_payload');
    if (isTransient(error)) return answer(request, response, 'unavailable');
    log.error({ err: error }, 'post to a hook failed');
    answer(request, response, 'server_error');
  };

  const router = Router({ caseSensitive: true });
  router.post('/hooks/:token', admit, readBody, handle);
  router.all('/hooks/:token', (request, response) => answer(request, response, 'method_not_allowed'));
  router.use((request: Request, response: Response) => answer(request, response, 'no_service'));
  router.use(failed);
  return router;
}
