import type { Kit } from '../kit.js';
import type { TracingConfig } from './env.js';
import type { Tracing } from './tracing.js';

/**
 * Loads OpenTelemetry and starts tracing, when there is a collector. Stopping is registered in the kit's lifecycle:
 * opened first, it sends what the others' stopping had to say.
 * @returns undefined: nothing is traced, and nothing was loaded
 */
export async function openTracing(
  config: TracingConfig | undefined,
  { service, instance, metrics, log, life }: Kit,
): Promise<Tracing | undefined> {
  const spans = metrics.counter(
    'trace_spans_total',
    'Spans of traces: exported, failed (the collector did not take them) or dropped (too many were waiting)',
    ['outcome'],
  );
  if (!config) return undefined;
  const { Tracing } = await import('./tracing.js');
  const tracing = new Tracing({ config, service, instance, spans, log });
  life.onStop('tracing', () => tracing.stop());
  return tracing;
}
