import { mkdirSync } from 'node:fs';
import { readdir, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import type { ServiceName } from '@teamtalk/testkit';
import { alignColumns } from './text-table.js';

/** What is read of a profile that Node writes (--cpu-prof). */
interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  /** microseconds of the system's monotonic clock */
  startTime: number;
  timeDeltas: number[];
}

const shown = 25;

/** Node's options that make a service's processes write a CPU profile when they end. */
export function profileOptions(
  service: ServiceName,
  folder: string,
): Partial<Record<ServiceName, readonly string[]>> {
  mkdirSync(folder, { recursive: true });
  return { [service]: ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=500'] };
}

/**
 * Says of each new profile where the time went, by kind and by function.
 * @param measured the times that count, microseconds of the system's monotonic clock: not how the service came up
 * @returns lines; the profiles stay in `folder`, named `.seen`, for Chrome's developer tools
 */
export async function reportProfiles(
  folder: string,
  measured: readonly (readonly [number, number])[],
): Promise<string[]> {
  const lines: string[] = [];
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.cpuprofile'))) {
    if (name.startsWith('seen-')) continue;
    const file = path.join(folder, name);
    lines.push(
      `profile ${name}`,
      ...describe(JSON.parse(await readFile(file, 'utf8')) as CpuProfile, measured),
    );
    await rename(file, path.join(folder, `seen-${name}`));
  }
  return lines;
}

function describe(
  { nodes, samples, startTime, timeDeltas }: CpuProfile,
  measured: readonly (readonly [number, number])[],
): string[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const functions = new Map<string, number>();
  const kinds = new Map<string, number>();
  let busy = 0;
  let at = startTime;
  samples.forEach((id, i) => {
    const frame = frames.get(id);
    const time = timeDeltas[i] ?? 0;
    at += time;
    if (!measured.some(([from, to]) => at >= from && at < to)) return;
    if (!frame || frame.functionName === '(idle)') return;
    busy += time;
    add(functions, nameOf(frame), time);
    add(kinds, kindOf(frame), time);
  });
  const rows = (times: Map<string, number>, count: number) =>
    [...times]
      .sort(([, a], [, b]) => b - a)
      .slice(0, count)
      .map(([name, time]) => [
        name,
        `${((time / busy) * 100).toFixed(1)} %`,
        `${(time / 1000).toFixed(0)} ms`,
      ]);
  return [
    ...alignColumns([['by kind (self time)', 'of busy', ''], ...rows(kinds, 40)]),
    '',
    ...alignColumns([['by function', 'of busy', ''], ...rows(functions, shown)]),
  ];
}

type Frame = CpuProfile['nodes'][number]['callFrame'];

function nameOf({ functionName, url, lineNumber }: Frame): string {
  const file = url.replace(/^.*\/(?=[^/]+\/[^/]+$)/, '');
  return `${functionName || '(anonymous)'}${file ? ` ${file}:${lineNumber + 1}` : ''}`;
}

/** Whose code it is: a package's, one of ours, Node's, or the machine below. */
function kindOf({ functionName, url }: Frame): string {
  if (url.startsWith('node:')) return url.startsWith('node:internal') ? 'node internals' : url;
  const dependency = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  if (dependency) return dependency;
  const own = /\/(libs|services)\/([^/]+)\/(?:dist|src|gen)\/(?:([^/]+)\/)?/.exec(url);
  if (own) return `${own[1]}/${own[2]}${own[3] ? `/${own[3]}` : ''}`;
  return functionName.startsWith('(') ? functionName : 'native';
}

function add(times: Map<string, number>, name: string, time: number): void {
  times.set(name, (times.get(name) ?? 0) + time);
}
