import { createHmac } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { TextCodec } from '@teamtalk/protocol';
import { type httpApi, type ReplicaPool, webhooks } from '@teamtalk/rpc';
import {
  abortAfter,
  isTraced,
  type Kit,
  messageSpan,
  traceHalves,
  traceparentOf,
} from '@teamtalk/service-kit';
import { webhookBody } from './webhook-body.js';

export interface WebhookSenderOptions {
  kit: Kit;
  pool: ReplicaPool;
  textCodec: TextCodec;
}

/** How often due events are asked for, milliseconds. */
const pollIntervalMs = 500;
/** Posts at a time, of all webhooks together and of each: one that is slow does not hold up the others. */
const maxInFlight = 256;
const maxPerWebhook = 16;
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
  /** what is being posted, by the webhook's id */
  readonly #batches = new Map<number, { posts: number; done: Promise<void> }>();
  #claiming: Promise<void> | undefined;
  /** a batch has become free during a claim that left it out */
  #claimAgain = false;
  #failing = false;

  constructor(options: WebhookSenderOptions) {
    this.#options = options;
    this.#posted = options.kit.metrics.counter('webhook_posts_total', 'Events posted to webhooks', [
      'event',
      'outcome',
    ]);
    setMaxListeners(maxInFlight, this.#stopping.signal);
    this.#timer = setInterval(() => this.#poll(), pollIntervalMs);
  }

  /** Posts in flight are given up and tried again by others. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    await this.#claiming;
    await Promise.all([...this.#batches.values()].map(({ done }) => done));
  }

  #poll(): void {
    if (this.#claiming) {
      this.#claimAgain = true;
      return;
    }
    this.#claimAgain = false;
    this.#claiming = this.#claim().finally(() => {
      this.#claiming = undefined;
      if (this.#claimAgain) this.#poll();
    });
  }

  /** Begins to post what is due of webhooks that have nothing in flight. */
  async #claim(): Promise<void> {
    const { pool } = this.#options;
    const limit = maxInFlight - [...this.#batches.values()].reduce((sum, { posts }) => sum + posts, 0);
    // Nobody to ask yet, or any more: nothing to say about it. A store of the version before tells no webhooks
    // apart: what came from it is posted first.
    if (pool.replicas.length === 0 || limit <= 0 || this.#stopping.signal.aborted || this.#batches.has(0))
      return;
    try {
      const request = { limit, perWebhook: maxPerWebhook, busyWebhookIds: [...this.#batches.keys()] };
      const { events } = await pool.callOnce(webhooks.claimEvents, request, storeMs);
      this.#failing = false;
      const batches = new Map<number, httpApi.api.WebhookEvent[]>();
      for (const event of events as httpApi.api.WebhookEvent[]) {
        const batch = batches.get(event.webhookId) ?? [];
        batches.set(event.webhookId, batch);
        batch.push(event);
      }
      for (const [id, batch] of batches) {
        const done = this.#postAll(batch).finally(() => {
          this.#batches.delete(id);
          if (batch.length >= maxPerWebhook || events.length >= limit) this.#poll();
        });
        this.#batches.set(id, { posts: batch.length, done });
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Never throws: what the store is not told of comes again. */
  async #postAll(events: readonly httpApi.api.WebhookEvent[]): Promise<void> {
    try {
      const outcomes = await Promise.all(events.map((event) => this.#post(event)));
      await this.#options.pool.call(webhooks.finishEvents, { outcomes }, storeMs);
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (!this.#failing) this.#options.kit.log.warn({ err: error }, 'webhook store unavailable');
    this.#failing = true;
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
    try {
      const response = await abortAfter(postMs, (signal) => this.#send(event, signal), this.#stopping.signal);
      return response.ok ? '' : `status ${response.status}`;
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      if (cause instanceof Error) return cause.message || cause.name;
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** What a receiver says beyond its status is not read. */
  async #send(event: httpApi.api.WebhookEvent, signal: AbortSignal): Promise<Response> {
    const body = webhookBody(event, this.#options.textCodec);
    const time = String(Math.floor(Date.now() / 1000));
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
      signal,
    });
    await response.body?.cancel();
    return response;
  }
}

/** The message an event is about, where that is traced, as the header of a call that it caused. */
function messageOf({ event, data }: httpApi.api.WebhookEvent): { traceparent: string } | undefined {
  if (event !== 'message') return undefined;
  const { trace } = JSON.parse(data) as { trace?: string };
  const halves = trace && traceHalves(trace);
  if (!halves || !isTraced(halves.instance, halves.requestId)) return undefined;
  return { traceparent: traceparentOf(messageSpan(halves.instance, halves.requestId, 'store')) };
}
