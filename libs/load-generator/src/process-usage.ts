import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second in /proc; the same on every Linux that Node runs on. */
const ticksPerSecond = 100;
const pageKib = 4;

/** A process whose CPU time and memory are measured, its children included. */
export interface WatchedProcess {
  name: string;
  pid: number;
}

interface Usage {
  /** seconds since the process began, of it and its children, ended ones included */
  cpuSeconds: number;
  /** voluntary context switches of all threads since then: each is followed by a wake-up; of living children only */
  switches: number;
  /** MiB, of the process itself */
  rssMib: number;
}

/** CPU, context switches and memory of a process on this machine, from /proc; zeros where that does not exist. */
function usageOf({ pid }: WatchedProcess, children: ReadonlyMap<number, number[]>): Usage {
  const own = statOf(pid);
  if (!own) return { cpuSeconds: 0, switches: 0, rssMib: 0 };
  let ticks = own.ticks + own.endedChildrenTicks;
  let switches = switchesOf(pid);
  for (const child of children.get(pid) ?? []) {
    ticks += statOf(child)?.ticks ?? 0;
    switches += switchesOf(child);
  }
  return { cpuSeconds: ticks / ticksPerSecond, switches, rssMib: (own.rssPages * pageKib) / 1024 };
}

/** Every process's children, by its id. */
function childrenByParent(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const name of list('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const parent = statOf(pid)?.parent;
    if (parent === undefined) continue;
    const known = children.get(parent);
    if (known) known.push(pid);
    else children.set(parent, [pid]);
  }
  return children;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function switchesOf(pid: number): number {
  const folder = `/proc/${pid}/task`;
  return list(folder).reduce((sum, thread) => {
    try {
      const status = readFileSync(`${folder}/${thread}/status`, 'latin1');
      return sum + Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1] ?? 0);
    } catch {
      return sum;
    }
  }, 0);
}

interface Stat {
  parent: number;
  ticks: number;
  endedChildrenTicks: number;
  rssPages: number;
}

function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // From field 3 on: the second one, the name, may itself hold spaces and brackets.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const field = (number: number) => Number(fields[number - 3]);
    return {
      parent: field(4),
      ticks: field(14) + field(15),
      endedChildrenTicks: field(16) + field(17),
      rssPages: field(24),
    };
  } catch {
    return undefined;
  }
}

/** What each watched process used between two moments. */
export interface UsageDifference extends Usage {
  /** of one core */
  cpuPercent: number;
}

/** Watches processes, this one among them as `generator`. */
export class UsageWatch {
  readonly #processes: readonly WatchedProcess[];

  constructor(processes: readonly WatchedProcess[]) {
    this.#processes = [...processes, { name: 'generator', pid: process.pid }];
  }

  /** By name; processes of one name are added up. */
  sample(): UsageSample {
    const children = childrenByParent();
    const usage = new Map<string, Usage>();
    for (const watched of this.#processes) {
      const { cpuSeconds, switches, rssMib } = usageOf(watched, children);
      const sum = usage.get(watched.name);
      usage.set(watched.name, {
        cpuSeconds: (sum?.cpuSeconds ?? 0) + cpuSeconds,
        switches: (sum?.switches ?? 0) + switches,
        rssMib: (sum?.rssMib ?? 0) + rssMib,
      });
    }
    return { at: performance.now(), usage };
  }
}

export interface UsageSample {
  /** ms of the monotonic clock */
  at: number;
  usage: ReadonlyMap<string, Usage>;
}

export function usageBetween(before: UsageSample, after: UsageSample): Record<string, UsageDifference> {
  const seconds = (after.at - before.at) / 1000;
  const difference: Record<string, UsageDifference> = {};
  for (const [name, { cpuSeconds, switches, rssMib }] of after.usage) {
    const used = Math.max(0, cpuSeconds - (before.usage.get(name)?.cpuSeconds ?? 0));
    difference[name] = {
      cpuSeconds: round(used, 2),
      cpuPercent: round((used / seconds) * 100, 1),
      switches: Math.max(0, switches - (before.usage.get(name)?.switches ?? 0)),
      rssMib: round(rssMib, 1),
    };
  }
  return difference;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
