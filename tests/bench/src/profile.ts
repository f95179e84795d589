import { mkdirSync } from 'node:fs';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ServiceName } from '@teamtalk/local-stack';
import { busyTimes, type CpuProfile, collapsedStacks, kindOf, type Measured, nameOf } from './cpu-profile.js';
import { alignColumns } from './text-table.js';

/** Functions in the table. */
const shown = 25;
/** Stacks with a smaller part of the time are left out of the flame graph. */
const leastStack = 0.0005;

/** Node's options that make a service's processes write a CPU profile when they end. */
export function profileOptions(
  service: ServiceName,
  folder: string,
): Partial<Record<ServiceName, readonly string[]>> {
  mkdirSync(folder, { recursive: true });
  return { [service]: ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=500'] };
}

/**
 * Prints where the time went in each new profile, by kind and by function, and writes the input of a flame graph.
 * @param measured the times that count, without the service's start
 * @returns lines; in `folder` each profile stays as `seen-NAME`, for Chrome's developer tools, and as `NAME.collapsed`
 */
export async function reportProfiles(folder: string, measured: Measured): Promise<string[]> {
  const lines: string[] = [];
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.cpuprofile'))) {
    if (name.startsWith('seen-')) continue;
    const file = path.join(folder, name);
    const profile = JSON.parse(await readFile(file, 'utf8')) as CpuProfile;
    lines.push(`profile ${name}`, ...describe(profile, measured));
    const stacks = collapsedStacks(profile, measured, leastStack);
    await writeFile(file.replace(/cpuprofile$/, 'collapsed'), `${stacks.join('\n')}\n`);
    await rename(file, path.join(folder, `seen-${name}`));
  }
  return lines;
}

function describe(profile: CpuProfile, measured: Measured): string[] {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const functions = new Map<string, number>();
  const kinds = new Map<string, number>();
  let busy = 0;
  for (const [id, time] of busyTimes(profile, measured)) {
    const frame = frames.get(id);
    if (!frame) continue;
    busy += time;
    add(functions, nameOf(frame), time);
    add(kinds, kindOf(frame), time);
  }
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

function add(times: Map<string, number>, name: string, time: number): void {
  times.set(name, (times.get(name) ?? 0) + time);
}
