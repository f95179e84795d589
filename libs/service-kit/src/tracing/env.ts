import { z } from 'zod';
import { ConfigError, type EnvValues, env } from '../config.js';

const samplers = [
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
  'always_on',
  'always_off',
  'traceidratio',
] as const;

/** Variables of tracing, with OpenTelemetry's names and meanings. */
export const tracingEnv = {
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'must be a URL that starts with http:// or https://' })
    .optional()
    .describe(
      'Base URL of the OpenTelemetry collector that gets traces by OTLP over HTTP (JSON), as http://collector:4318; no tracing when unset',
    ),
  OTEL_EXPORTER_OTLP_HEADERS: pairs().describe(
    'Headers for the collector, as name=value pairs separated by commas',
  ),
  OTEL_TRACES_SAMPLER: env.choice(
    samplers,
    'parentbased_always_on',
    'What is traced: parentbased_ follows the caller’s traceparent header if there is one; traceidratio samples the share in OTEL_TRACES_SAMPLER_ARG',
  ),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number('must be a number')
    .min(0, 'must be 0 to 1')
    .max(1, 'must be 0 to 1')
    .default(1)
    .describe('Share of messages and requests that are traced, 0 to 1, by the traceidratio samplers'),
  OTEL_SERVICE_NAME: env.optionalString('Name of the service in traces; its own name when unset'),
  OTEL_RESOURCE_ATTRIBUTES: pairs().describe(
    'More attributes of everything this process reports, as name=value pairs separated by commas',
  ),
};

/** Where traces go and how much is traced. */
export interface TracingConfig {
  /** base URL of the collector, without /v1/traces */
  endpoint: string;
  headers: Readonly<Record<string, string>>;
  /** whether to follow the caller's sampling decision if there is one */
  parentBased: boolean;
  /** share of traces starting here that are sampled, 0 to 1 */
  ratio: number;
  /** undefined: the service's own name */
  serviceName: string | undefined;
  resource: Readonly<Record<string, string>>;
}

/**
 * @returns undefined: no tracing
 * @throws ConfigError when there are headers for a collector but no collector
 */
export function tracingConfig(values: EnvValues<typeof tracingEnv>): TracingConfig | undefined {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: headers } = values;
  if (!endpoint) {
    if (!headers) return undefined;
    throw new ConfigError(['OTEL_EXPORTER_OTLP_ENDPOINT: is required with OTEL_EXPORTER_OTLP_HEADERS']);
  }
  const [, parentBased, kind] = /^(parentbased_)?(.+)$/.exec(values.OTEL_TRACES_SAMPLER) ?? [];
  const ratios: Record<string, number> = { always_on: 1, always_off: 0 };
  return {
    endpoint: endpoint.replace(/\/+$/, ''),
    headers: parsePairs(headers),
    parentBased: parentBased !== undefined,
    ratio: ratios[kind ?? ''] ?? values.OTEL_TRACES_SAMPLER_ARG,
    serviceName: values.OTEL_SERVICE_NAME,
    resource: parsePairs(values.OTEL_RESOURCE_ATTRIBUTES),
  };
}

function pairs() {
  return z
    .string()
    .refine((text) => text.split(',').every((pair) => pairOf(pair)), 'must be name=value pairs')
    .optional();
}

function parsePairs(text = ''): Record<string, string> {
  return Object.fromEntries(text.split(',').flatMap((pair) => [pairOf(pair)].filter((each) => !!each)));
}

/** Names and values may be percent-encoded, as in the W3C baggage header. */
function pairOf(text: string): [name: string, value: string] | undefined {
  const at = text.indexOf('=');
  const name = text.slice(0, Math.max(at, 0)).trim();
  if (name === '') return undefined;
  try {
    return [decodeURIComponent(name), decodeURIComponent(text.slice(at + 1).trim())];
  } catch {
    return undefined;
  }
}
