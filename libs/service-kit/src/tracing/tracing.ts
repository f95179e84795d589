import { AsyncLocalStorage } from 'node:async_hooks';
import { hostname } from 'node:os';
import {
  type Attributes,
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { millisToHrTime, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  RandomIdGenerator,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Counter } from 'prom-client';
import { formatInstance } from '../instance.js';
import type { Logger } from '../logger.js';
import type { TracingConfig } from './env.js';
import type { SpanIds } from './message-trace.js';
import { exportMs, SpanQueue } from './span-queue.js';
import { markFailed, TraceSpan, through } from './trace-span.js';

/** Headers; `traceparent` and `tracestate` (W3C trace context) are used. */
export type Carrier = Readonly<Record<string, string | string[] | undefined>>;

/** The description of a span. */
export interface SpanInfo {
  name: string;
  kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  attributes?: Attributes;
}

/** A finished span with predetermined ids. */
export interface MeasuredSpan extends SpanInfo {
  /** undefined: random ids */
  ids?: SpanIds;
  /** undefined: the root of its trace */
  parent?: SpanIds | undefined;
  /** performance.now() */
  begin: number;
  end: number;
  /** links to spans of other traces */
  links?: readonly SpanIds[];
  /** event at its end */
  event?: string | undefined;
  /** keyword of its failure; undefined: success */
  error?: string | undefined;
}

export interface TracingOptions {
  config: TracingConfig;
  service: string;
  instance: number;
  spans: Counter<'outcome'>;
  log: Logger;
}

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

const scope = { name: 'teamtalk' };
const propagator = new W3CTraceContextPropagator();
const idGenerator = new RandomIdGenerator();
/** A larger difference of wall and monotonic clock means that the wall clock was set, milliseconds. */
const clockSlackMs = 2;

/**
 * Creates spans. Only entry points (a client's PDU, an HTTP request, a message) start a trace; calls made from there
 * continue sampled traces and cost nothing otherwise.
 */
export class Tracing {
  readonly #active = new AsyncLocalStorage<Context | undefined>();
  readonly #queue: SpanQueue;
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;
  readonly #resource: Resource;
  readonly #ratio: number;
  #epoch = performance.timeOrigin;

  constructor({ config, service, instance, spans, log }: TracingOptions) {
    const exporter = new OTLPTraceExporter({
      url: `${config.endpoint}/v1/traces`,
      headers: { ...config.headers },
      timeoutMillis: exportMs,
    });
    this.#queue = new SpanQueue({ exporter, spans, log });
    this.#resource = resourceFromAttributes({
      'service.namespace': 'teamtalk',
      'service.instance.id': formatInstance(instance),
      'host.name': hostname(),
      'service.name': service,
      ...config.resource,
      ...(config.serviceName && { 'service.name': config.serviceName }),
    });
    this.#ratio = config.ratio;
    this.#provider = new TracerProvider({
      resource: this.#resource,
      sampler: samplerOf(config),
      spanProcessors: [this.#queue],
    });
    this.#tracer = this.#provider.getTracer(scope.name);
  }

  /** Decides whether the message being received is traced. */
  samplesMessage(): boolean {
    return Math.random() < this.#ratio;
  }

  /** The active span; undefined: not traced. */
  get active(): SpanIds | undefined {
    const context = this.#active.getStore();
    return context && trace.getSpanContext(context);
  }

  /** Links the active span to a span of another trace. */
  linkActive(ids: SpanIds): void {
    const context = this.#active.getStore();
    if (context) trace.getSpan(context)?.addLink({ context: sampled(ids) });
  }

  /** Marks the active span as failed. */
  failActive(error: unknown): void {
    const context = this.#active.getStore();
    const span = context && trace.getSpan(context);
    if (span) markFailed(span, error);
  }

  /** Headers that propagate the active span; undefined: none. */
  carrier(): Record<string, string> | undefined {
    const context = this.#active.getStore();
    if (!context) return undefined;
    const carrier: Record<string, string> = {};
    propagator.inject(context, carrier, defaultTextMapSetter);
    return carrier;
  }

  /**
   * Starts a span at an entry point, as the sampler and the caller's headers decide. The caller ends it.
   * @returns undefined when it is not sampled
   */
  begin(info: SpanInfo, carrier?: Carrier): TraceSpan | undefined {
    return this.#start(info, carrier ? extract(carrier) : ROOT_CONTEXT);
  }

  /** Runs work at an entry point, in a span if sampled. */
  enter<T>(info: SpanInfo, work: () => T): T {
    const span = this.begin(info);
    if (span) return through(span, work);
    // Detaches the work from the active span.
    return this.#active.getStore() === undefined ? work() : this.#active.run(undefined, work);
  }

  /** Runs work in a child span if the current work is traced. */
  step<T>(info: SpanInfo, work: () => T): T {
    const context = this.#active.getStore();
    const span = context && this.#start(info, context);
    return span ? through(span, work) : work();
  }

  /** Runs work for another service, in a span if the caller's headers are sampled. */
  resume<T>(info: SpanInfo, carrier: Carrier, work: () => T): T {
    if (carrier.traceparent === undefined || carrier.traceparent === '') return work();
    const context = extract(carrier);
    const span = isSampled(trace.getSpanContext(context)) ? this.#start(info, context) : undefined;
    return span ? through(span, work) : work();
  }

  /** Records a span that was sampled elsewhere; the sampler is not consulted. */
  record(span: MeasuredSpan): SpanIds {
    const { name, kind, attributes = {}, parent, links = [], event, error } = span;
    const own = span.ids ?? {
      traceId: parent?.traceId ?? idGenerator.generateTraceId(),
      spanId: idGenerator.generateSpanId(),
    };
    const context = sampled(own);
    const begin = millisToHrTime(this.#wallClock(span.begin));
    const end = millisToHrTime(this.#wallClock(span.end));
    this.#queue.onEnd({
      name,
      kind: kinds[kind],
      spanContext: () => context,
      ...(parent && { parentSpanContext: sampled(parent) }),
      startTime: begin,
      endTime: end,
      duration: millisToHrTime(span.end - span.begin),
      status:
        error === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: error },
      attributes: error === undefined ? attributes : { ...attributes, 'error.type': error },
      links: links.map((each) => ({ context: sampled(each) })),
      events: event === undefined ? [] : [{ name: event, time: end }],
      ended: true,
      resource: this.#resource,
      instrumentationScope: scope,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    });
    return own;
  }

  /** Exports queued spans, within a short time. */
  stop(): Promise<void> {
    return this.#queue.shutdown();
  }

  #start({ name, kind, attributes = {} }: SpanInfo, parent: Context): TraceSpan | undefined {
    const span = this.#tracer.startSpan(name, { kind: kinds[kind], attributes }, parent);
    if (!span.isRecording()) return undefined;
    return new TraceSpan(span, trace.setSpan(parent, span), this.#active);
  }

  /** Converts a performance.now() to Unix milliseconds, exact to the microsecond, also after the system clock was set. */
  #wallClock(at: number): number {
    const now = Date.now() - performance.now();
    if (Math.abs(now - this.#epoch) > clockSlackMs) this.#epoch = now;
    return this.#epoch + at;
  }
}

function samplerOf({ parentBased, ratio }: TracingConfig): Sampler {
  const root =
    ratio >= 1
      ? new AlwaysOnSampler()
      : ratio <= 0
        ? new AlwaysOffSampler()
        : new TraceIdRatioBasedSampler(ratio);
  return parentBased ? new ParentBasedSampler({ root }) : root;
}

function extract(carrier: Carrier): Context {
  return propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
}

function sampled({ traceId, spanId }: SpanIds): SpanContext {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
}

function isSampled(context: SpanContext | undefined): boolean {
  return context !== undefined && (context.traceFlags & TraceFlags.SAMPLED) !== 0;
}
