import { setMaxListeners } from 'node:events';
import type { TextCodec } from '@teamtalk/protocol';
import { type httpApi, type ReplicaPool, webhooks } from '@teamtalk/rpc';
import {
  abortAfter,
  every,
  isTraced,
  type Kit,
  messageSpan,
  traceHalves,
  traceparentOf,
} from '@teamtalk/service-kit';
import { signatureHeaders } from './signature-headers.js';
import { webhookBody } from './webhook-body.js';

export interface WebhookSenderOptions {
  kit: Kit;
  pool: ReplicaPool;
  textCodec: TextCodec;
}

/** Milliseconds between two polls for due events, and while there is no webhook. */
const pollIntervalMs = 500;
const noWebhooksPollMs = 2_000;
/** Concurrent posts, in all and per webhook, so that a slow webhook does not delay the others. */
const maxInFlight = 256;
const maxPerWebhook = 16;
/** The same for webhooks whose last posts all failed, so that many of them together do not delay the others either. */
const maxInFlightFailing = 64;
const maxPerFailingWebhook = 1;
/** Milliseconds the store has to respond. */
const storeMs = 2_000;
/** Milliseconds a receiver has to respond; less than the lease of a claimed event. */
const postMs = 5_000;

/**
 * Posts events to webhooks. A replica claims events for 8 s; if it dies, another one claims them after that. So each
 * event is posted at least once, and receivers recognise duplicates by its `id`.
 */
export class WebhookSender {
  readonly #options: WebhookSenderOptions;
  readonly #stopPolling: readonly (() => Promise<void>)[];
  readonly #posted;
  readonly #stopping = new AbortController();
  /** posts in flight, by webhook id */
  readonly #batches = new Map<number, { posts: number; done: Promise<void> }>();
  /** webhooks whose last posts all failed */
  readonly #failingWebhooks = new Set<number>();
  #claiming: Promise<void> | undefined;
  /** a poll came due during a claim */
  #claimAgain = false;
  #failing = false;
  /** the store last reported that there are no webhooks */
  #resting = false;

  constructor(options: WebhookSenderOptions) {
    this.#options = options;
    this.#posted = options.kit.metrics.counter(
      'webhook_posts_total',
      'Events posted to webhooks, by outcome',
      ['event', 'outcome'],
    );
    setMaxListeners(maxInFlight, this.#stopping.signal);
    const pollIf = (resting: boolean) => () => {
      if (this.#resting === resting) this.#poll();
    };
    this.#stopPolling = [every(pollIntervalMs, pollIf(false)), every(noWebhooksPollMs, pollIf(true))];
  }

  /** Aborts posts in flight; other replicas retry them. */
  async stop(): Promise<void> {
    for (const stop of this.#stopPolling) void stop();
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

  /** Claims due events of webhooks without posts in flight and starts posting them, failing webhooks last. */
  async #claim(): Promise<void> {
    // While no store is known there is nothing to log. A store of the previous version sends webhook id 0; its events
    // are posted before any others are claimed.
    if (this.#options.pool.replicas.length === 0 || this.#batches.has(0)) return;
    try {
      const failing = [...this.#failingWebhooks];
      await this.#claimFor(maxInFlight - this.#inFlight(), maxPerWebhook, failing, []);
      if (failing.length === 0) return;
      const room = Math.min(maxInFlight - this.#inFlight(), maxInFlightFailing - this.#inFlight(failing));
      await this.#claimFor(room, maxPerFailingWebhook, [], failing);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Posts in flight, of all webhooks or of some. */
  #inFlight(webhooks: Iterable<number> = this.#batches.keys()): number {
    let sum = 0;
    for (const id of webhooks) sum += this.#batches.get(id)?.posts ?? 0;
    return sum;
  }

  async #claimFor(
    limit: number,
    perWebhook: number,
    except: readonly number[],
    onlyWebhookIds: readonly number[],
  ): Promise<void> {
    if (limit <= 0 || this.#stopping.signal.aborted) return;
    const busyWebhookIds = [...this.#batches.keys(), ...except];
    const request = { limit, perWebhook, busyWebhookIds, onlyWebhookIds: [...onlyWebhookIds] };
    const { events, noWebhooks } = await this.#options.pool.callOnce(webhooks.claimEvents, request, storeMs);
    this.#resting = noWebhooks ?? false;
    this.#failing = false;
    const batches = new Map<number, httpApi.api.WebhookEvent[]>();
    for (const event of events as httpApi.api.WebhookEvent[]) {
      const batch = batches.get(event.webhookId) ?? [];
      batches.set(event.webhookId, batch);
      batch.push(event);
    }
    for (const [id, batch] of batches) {
      const done = this.#postAll(id, batch).finally(() => {
        this.#batches.delete(id);
        if (batch.length >= perWebhook || events.length >= limit) this.#poll();
      });
      this.#batches.set(id, { posts: batch.length, done });
    }
  }

  /** Never throws: events not reported to the store are claimed again. */
  async #postAll(webhookId: number, events: readonly httpApi.api.WebhookEvent[]): Promise<void> {
    try {
      const outcomes = await Promise.all(events.map((event) => this.#post(event)));
      if (outcomes.every(({ error }) => error !== '')) this.#failingWebhooks.add(webhookId);
      else this.#failingWebhooks.delete(webhookId);
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

  /** @returns why the receiver did not accept it; empty when it did */
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

  /** The response's body is not read. */
  async #send(event: httpApi.api.WebhookEvent, signal: AbortSignal): Promise<Response> {
    const body = webhookBody(event, this.#options.textCodec);
    const seconds = Math.floor(Date.now() / 1000);
    const response = await fetch(event.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'TeamTalk',
        ...this.#options.kit.tracing?.carrier(),
        'x-teamtalk-event': event.event,
        ...signatureHeaders(event.secret, String(event.eventId), seconds, body),
      },
      body,
      redirect: 'manual',
      signal,
    });
    await response.body?.cancel();
    return response;
  }
}

/** The trace context of the message an event is about; undefined when it is not traced. */
function messageOf({ event, data }: httpApi.api.WebhookEvent): { traceparent: string } | undefined {
  if (event !== 'message') return undefined;
  const { trace } = JSON.parse(data) as { trace?: string };
  const halves = trace && traceHalves(trace);
  if (!halves || !isTraced(halves.instance, halves.requestId)) return undefined;
  return { traceparent: traceparentOf(messageSpan(halves.instance, halves.requestId, 'store')) };
}
