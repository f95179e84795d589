import { createHmac } from 'node:crypto';
import type { TextCodec } from '@teamtalk/protocol';
import { type httpApi, type ReplicaPool, webhooks } from '@teamtalk/rpc';
import { isTraced, type Kit, messageSpan, traceHalves, traceparentOf } from '@teamtalk/service-kit';
import { webhookBody } from './webhook-body.js';

export interface WebhookSenderOptions {
  kit: Kit;
  pool: ReplicaPool;
  textCodec: TextCodec;
}

/** How often due events are asked for, milliseconds. */
const lookMs = 500;
/** Posts at a time. */
const atOnce = 16;
/** Milliseconds the store has to answer. */
const storeMs = 2_000;
/** Milliseconds a receiver has; less than what claimed events are ours for. */
const postMs = 5_000;

/**
 * Posts events to webhooks. Every replica does; an event is claimed by one of them, and if that one dies, by
 * another one 15 s later. So each is posted at least once; its `id` tells whether it was posted before.
 */
export class WebhookSender {
  readonly #options: WebhookSenderOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #posted;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #failing = false;

  constructor(options: WebhookSenderOptions) {
    this.#options = options;
    this.#posted = options.kit.metrics.counter('webhook_posts_total', 'Events posted to webhooks', [
      'event',
      'outcome',
    ]);
    this.#timer = setInterval(() => {
      this.#running ??= this.#run().finally(() => {
        this.#running = undefined;
      });
    }, lookMs);
  }

  /** Posts under way are given up and tried again by others. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { kit, pool } = this.#options;
    // Nobody to ask yet, or any more: nothing to say about it.
    if (pool.replicas.length === 0) return;
    try {
      for (let full = true; full && !this.#stopping.signal.aborted; ) {
        const claimed = await pool.callOnce(webhooks.claimEvents, { limit: atOnce }, storeMs);
        const events = claimed.events as httpApi.api.WebhookEvent[];
        full = events.length === atOnce;
        if (events.length === 0) break;
        const outcomes = await Promise.all(events.map((event) => this.#post(event)));
        await pool.call(webhooks.finishEvents, { outcomes }, storeMs);
      }
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) kit.log.warn({ err: error }, 'events for webhooks cannot be had now');
      this.#failing = true;
    }
  }

  async #post(event: httpApi.api.WebhookEvent): Promise<httpApi.api.WebhookOutcome.$Properties> {
    const { tracing } = this.#options.kit;
    const attributes = { 'teamtalk.event': event.event, 'teamtalk.attempt': event.attempts };
    const span = tracing?.begin({ name: 'POST webhook', kind: 'client', attributes }, messageOf(event));
    const error = await (span ? span.run(() => this.#attempt(event)) : this.#attempt(event));
    if (error !== '') span?.fail('not-taken');
    span?.end();
    this.#posted.inc({ event: event.event, outcome: error === '' ? 'taken' : 'failed' });
    return { eventId: event.eventId, error };
  }

  /** @returns why it was not taken; empty when it was */
  async #attempt(event: httpApi.api.WebhookEvent): Promise<string> {
    const body = webhookBody(event, this.#options.textCodec);
    const time = String(Math.floor(Date.now() / 1000));
    try {
      const response = await fetch(event.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'user-agent': 'TeamTalk',
          ...this.#options.kit.tracing?.carrier(),
          'x-teamtalk-event': event.event,
          'x-teamtalk-time': time,
          'x-teamtalk-signature': createHmac('sha256', event.secret).update(`${time}\n${body}`).digest('hex'),
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(postMs)]),
      });
      await response.body?.cancel();
      return response.ok ? '' : `status ${response.status}`;
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      if (cause instanceof Error) return cause.message || cause.name;
      return error instanceof Error ? error.message : String(error);
    }
  }
}

/** The message an event is about, where that is traced, as the header of a call that it caused. */
function messageOf({ event, data }: httpApi.api.WebhookEvent): { traceparent: string } | undefined {
  if (event !== 'message') return undefined;
  const { trace } = JSON.parse(data) as { trace?: string };
  const halves = trace && traceHalves(trace);
  if (!halves || !isTraced(halves.instance, halves.ticket)) return undefined;
  return { traceparent: traceparentOf(messageSpan(halves.instance, halves.ticket, 'store')) };
}
