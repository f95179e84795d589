import { request } from 'node:http';
import { abortAfter, readMetrics, type Sample } from '@teamtalk/service-kit';

/** What an instance reported. */
export interface Reading {
  samples: Sample[];
  /** performance.now() when it was read */
  at: number;
  ready: boolean;
  draining: boolean;
  /** dependencies that are down */
  down: string[];
}

const mostBytes = 4_194_304;

/**
 * Reads one instance's metrics and readiness.
 * @param address host:port of its health and metrics
 * @param timeoutMs for both together
 * @returns the reason, in a few words, when it does not answer
 */
export async function probe(address: string, timeoutMs: number): Promise<Reading | string> {
  if (!address) return 'tells no metrics address';
  try {
    const [metrics, readiness] = await abortAfter(timeoutMs, (signal) =>
      Promise.all([get(`http://${address}/metrics`, signal), get(`http://${address}/readyz`, signal)]),
    );
    if (metrics.status !== 200) return `/metrics answers ${metrics.status}`;
    return { samples: readMetrics(metrics.text), at: performance.now(), ...readinessOf(readiness.text) };
  } catch (error) {
    return reasonOf(error, timeoutMs);
  }
}

/** Not `fetch`, which refuses some ports. */
function get(url: string, signal: AbortSignal): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { signal, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > mostBytes) asking.destroy(new Error('answers more than 4 MiB'));
        else chunks.push(chunk);
      });
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
      });
    });
    asking.on('error', reject);
    asking.end();
  });
}

function readinessOf(text: string): Pick<Reading, 'ready' | 'draining' | 'down'> {
  let report: { ready?: unknown; draining?: unknown; dependencies?: unknown };
  try {
    report = Object(JSON.parse(text));
  } catch {
    report = {};
  }
  const dependencies = Object.entries(Object(report.dependencies) as Record<string, unknown>);
  return {
    ready: report.ready === true,
    draining: report.draining === true,
    down: dependencies.flatMap(([name, state]) => (state === 'up' ? [] : [name])),
  };
}

function reasonOf(error: unknown, timeoutMs: number): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ABORT_ERR':
      return `silent for ${timeoutMs / 1000} s`;
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'no such host';
    case 'ECONNRESET':
      return 'connection reset';
    default:
      return code ?? message;
  }
}
