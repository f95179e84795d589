/** The used part of a profile written by Node (--cpu-prof). */
export interface CpuProfile {
  nodes: { id: number; callFrame: Frame; children?: number[] }[];
  samples: number[];
  /** microseconds of the system's monotonic clock */
  startTime: number;
  timeDeltas: number[];
}

export interface Frame {
  functionName: string;
  url: string;
  lineNumber: number;
}

/** Times that count, microseconds of the system's monotonic clock: [from, to). */
export type Measured = readonly (readonly [number, number])[];

/** Microseconds by node in the measured times, without idle time. */
export function busyTimes({ nodes, samples, startTime, timeDeltas }: CpuProfile, measured: Measured) {
  const idle = new Set(
    nodes.filter(({ callFrame }) => callFrame.functionName === '(idle)').map(({ id }) => id),
  );
  const times = new Map<number, number>();
  let at = startTime;
  samples.forEach((id, i) => {
    const time = timeDeltas[i] ?? 0;
    at += time;
    if (idle.has(id) || !measured.some(([from, to]) => at >= from && at < to)) return;
    times.set(id, (times.get(id) ?? 0) + time);
  });
  return times;
}

/**
 * The input of flame graphs (collapsed stacks for flamegraph.pl, speedscope, inferno): a line for each stack with its
 * frames from the outermost on, separated by `;`, and microseconds. Sorted.
 * @param least stacks with a smaller part of the busy time are left out
 */
export function collapsedStacks(profile: CpuProfile, measured: Measured, least: number): string[] {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const parents = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])),
  );
  const stacks = new Map<string, number>();
  let busy = 0;
  for (const [id, time] of busyTimes(profile, measured)) {
    const stack: string[] = [];
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const frame = frames.get(at);
      if (frame && frame.functionName !== '(root)') stack.unshift(nameOf(frame).replaceAll(';', ','));
    }
    const key = stack.join(';');
    stacks.set(key, (stacks.get(key) ?? 0) + time);
    busy += time;
  }
  return [...stacks]
    .filter(([, time]) => time >= busy * least)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([stack, time]) => `${stack} ${time}`);
}

/** The function, its folder and file, and the line. */
export function nameOf({ functionName, url, lineNumber }: Frame): string {
  const file = url.replace(/^.*\/(?=[^/]+\/[^/]+$)/, '');
  return `${functionName || '(anonymous)'}${file ? ` ${file}:${lineNumber + 1}` : ''}`;
}

/** Whose code it is: a package's, our own, Node's, or native. */
export function kindOf({ functionName, url }: Frame): string {
  if (url.startsWith('node:')) return url.startsWith('node:internal') ? 'node internals' : url;
  const dependency = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  if (dependency) return dependency;
  const own = /\/(libs|services)\/([^/]+)\/(?:dist|src|gen)\/(?:([^/]+)\/)?/.exec(url);
  if (own) return `${own[1]}/${own[2]}${own[3] ? `/${own[3]}` : ''}`;
  return functionName.startsWith('(') ? functionName : 'native';
}
