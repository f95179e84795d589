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

/** Maximum number of spans queued or being exported; further ones are dropped. */
const maxSpans = 8_192;
/** Maximum number of spans in one request to the collector. */
const maxBatch = 512;
const flushEveryMs = 1_000;
/** Timeout of one export including its retries, milliseconds. */
export const exportMs = 5_000;
/** Timeout of the last export at shutdown, milliseconds. */
const flushTimeoutMs = 2_000;

/**
 * Exports spans to the collector in batches. A slow or unreachable collector loses spans, which are counted, and has no
 * other effect.
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
      // Never reached: this class drops and counts spans before the library would.
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

  /** Exports the remaining spans, within two seconds. */
  async shutdown(): Promise<void> {
    try {
      await withDeadline(this.#batches.shutdown(), flushTimeoutMs, 'exporting the last spans');
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
        this.#log.info('span export recovered');
      }
      // Counted and logged above; the library must not report it again.
      done({ code: ExportResultCode.SUCCESS });
    });
  }

  #failed(error: unknown): void {
    if (!this.#failing) this.#log.warn({ err: error }, 'span export failed; dropping spans');
    this.#failing = true;
  }
}
