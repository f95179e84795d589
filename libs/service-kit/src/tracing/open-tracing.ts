import type { Kit } from '../kit.js';
import type { TracingConfig } from './env.js';
import type { Tracing } from './tracing.js';

/**
 * Loads OpenTelemetry and starts tracing if a collector is configured. Its stop is registered in the kit's lifecycle; open
 * it first, so that it is stopped last and exports the spans of the shutdown.
 * @returns undefined without a collector; OpenTelemetry is not loaded then
 */
export async function openTracing(
  config: TracingConfig | undefined,
  { service, instance, metrics, log, life }: Kit,
): Promise<Tracing | undefined> {
  const spans = metrics.counter(
    'trace_spans_total',
    'Spans: exported, failed (refused by the collector) or dropped (the queue was full)',
    ['outcome'],
  );
  if (!config) return undefined;
  const { Tracing } = await import('./tracing.js');
  const tracing = new Tracing({ config, service, instance, spans, log });
  life.onStop('tracing', () => tracing.stop());
  return tracing;
}
