import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import type { Counter } from 'prom-client';
import { withDeadline } from '../deadline.js';
import type { Logger } from '../logger.js';

export interface SpanQueueOptions {
  exporter: SpanExporter;
  /** label `outcome`: exported, failed, dropped */
  spans: Counter<'outcome'>;
  log: Logger;
}

/** Spans that wait or are on their way at most; further ones are dropped. */
const maxSpans = 8_192;
/** Spans in one request to the collector. */
const maxBatch = 512;
const flushEveryMs = 1_000;
/** Milliseconds the collector has for one request, attempts to repeat it included. */
export const exportMs = 5_000;
/** Milliseconds the last spans get at the end. */
const flushTimeoutMs = 2_000;

/**
 * Spans on their way to the collector, batch after batch. A collector that is slow or away costs spans, which are
 * counted, and nothing else.
 */
export class SpanQueue implements SpanProcessor {
  readonly #batches: BatchSpanProcessor;
  readonly #exporter: SpanExporter;
  readonly #spans: Counter<'outcome'>;
  readonly #log: Logger;
  #size = 0;
  #failing = false;

  constructor({ exporter, spans, log }: SpanQueueOptions) {
    this.#exporter = exporter;
    this.#spans = spans;
    this.#log = log;
    this.#batches = new BatchSpanProcessor({
      exporter: {
        export: (batch, done) => this.#export(batch, done),
        shutdown: () => exporter.shutdown(),
      },
      // Never reached: this class drops first, and counts.
      maxQueueSize: maxSpans,
      maxExportBatchSize: maxBatch,
      scheduledDelayMillis: flushEveryMs,
      exportTimeoutMillis: 2 * exportMs,
    });
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#size >= maxSpans) {
      this.#spans.inc({ outcome: 'dropped' });
      return;
    }
    this.#size++;
    this.#batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  /** Sends what is there, for two seconds at most. */
  async shutdown(): Promise<void> {
    try {
      await withDeadline(this.#batches.shutdown(), flushTimeoutMs, 'sending the last spans');
    } catch (error) {
      this.#failed(error);
    }
  }

  #export(batch: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#exporter.export(batch, (result) => {
      this.#size -= batch.length;
      const taken = result.code === ExportResultCode.SUCCESS;
      this.#spans.inc({ outcome: taken ? 'exported' : 'failed' }, batch.length);
      if (!taken) this.#failed(result.error);
      else if (this.#failing) {
        this.#failing = false;
        this.#log.info('the collector takes spans again');
      }
      // It is dealt with: the library has nothing to add.
      done({ code: ExportResultCode.SUCCESS });
    });
  }

  #failed(error: unknown): void {
    if (!this.#failing) this.#log.warn({ err: error }, 'the collector does not take spans; they are lost');
    this.#failing = true;
  }
}
