import { readdirSync } from 'node:fs';
import type { ServiceName } from '@teamtalk/local-stack';
import type { Installation } from '../testbed/installation.js';
import type { Logs } from './logs.js';

/** What a process holds after garbage was collected. */
export interface Held {
  heapMib: number;
  /** buffers outside of the heap */
  externalMib: number;
  rssMib: number;
  descriptors: number;
  /** the longest stall of its event loop since it was asked before, milliseconds */
  stallMs: number;
  /** the most that it computed in one stall, milliseconds of CPU: what is not the machine's fault */
  busyMs: number;
}

interface ProbeLine {
  heapUsed: number;
  external: number;
  rss: number;
  stallMs: number;
  busyMs: number;
}

const mib = 2 ** 20;
const probeMs = 20_000;

/** Has every service that still runs collect its garbage, and asks what is left. Other lines of the logs go to `onLine`. */
export async function held(
  { cluster, services }: Installation,
  logs: Logs,
  onLine: (line: Awaited<ReturnType<Logs['more']>>[number]) => void,
): Promise<Record<string, Held>> {
  const result: Record<string, Held> = {};
  const ended = new Set(cluster.crashed().map(({ service }) => service));
  const running = services.filter((service) => !ended.has(service));
  for (const service of running) process.kill(cluster.node(service).pid, 'SIGUSR2');
  const end = performance.now() + probeMs;
  while (Object.keys(result).length < running.length) {
    if (performance.now() > end) throw new Error('a service does not say what memory it holds');
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const line of await logs.more()) {
      if (line.level !== 'probe') {
        onLine(line);
        continue;
      }
      const { heapUsed, external, rss, stallMs, busyMs } = JSON.parse(line.line) as ProbeLine;
      const { pid } = cluster.node(line.service as ServiceName);
      result[line.service] = {
        heapMib: round(heapUsed / mib),
        externalMib: round(external / mib),
        rssMib: round(rss / mib),
        descriptors: readdirSync(`/proc/${pid}/fd`).length,
        stallMs,
        busyMs,
      };
    }
  }
  return result;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

export interface Limits {
  /** what may be left of the heap and of buffers, MiB above the start */
  heapMib: number;
  rssMib: number;
  descriptors: number;
}

/** What a service holds that it did not hold at the start. */
export function leaks(before: Record<string, Held>, after: Record<string, Held>, limits: Limits): string[] {
  return Object.entries(after).flatMap(([service, now]) => {
    const then = before[service]!;
    const more = now.heapMib + now.externalMib - then.heapMib - then.externalMib;
    const problems: string[] = [];
    if (more > limits.heapMib) problems.push(`${service} holds ${round(more)} MiB more than at the start`);
    if (now.rssMib - then.rssMib > limits.rssMib) {
      problems.push(`${service} has ${now.rssMib} MiB of memory, ${then.rssMib} at the start`);
    }
    if (now.descriptors - then.descriptors > limits.descriptors) {
      problems.push(`${service} has ${now.descriptors} descriptors open, ${then.descriptors} at the start`);
    }
    return problems;
  });
}
