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
  /** MiB, of the process itself */
  rssMib: number;
}

/** CPU and memory of processes on this machine, from /proc; zeros where that does not exist. */
function usageOf({ pid }: WatchedProcess, children: ReadonlyMap<number, number[]>): Usage {
  const own = statOf(pid);
  if (!own) return { cpuSeconds: 0, rssMib: 0 };
  let ticks = own.ticks + own.endedChildrenTicks;
  for (const child of children.get(pid) ?? []) ticks += statOf(child)?.ticks ?? 0;
  return { cpuSeconds: ticks / ticksPerSecond, rssMib: (own.rssPages * pageKib) / 1024 };
}

/** Every process's children, by its id. */
function childrenByParent(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const name of listProc()) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const parent = statOf(pid)?.parent;
    if (parent === undefined) continue;
    const list = children.get(parent);
    if (list) list.push(pid);
    else children.set(parent, [pid]);
  }
  return children;
}

function listProc(): string[] {
  try {
    return readdirSync('/proc');
  } catch {
    return [];
  }
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
      const { cpuSeconds, rssMib } = usageOf(watched, children);
      const sum = usage.get(watched.name) ?? { cpuSeconds: 0, rssMib: 0 };
      usage.set(watched.name, { cpuSeconds: sum.cpuSeconds + cpuSeconds, rssMib: sum.rssMib + rssMib });
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
  for (const [name, { cpuSeconds, rssMib }] of after.usage) {
    const used = Math.max(0, cpuSeconds - (before.usage.get(name)?.cpuSeconds ?? 0));
    difference[name] = {
      cpuSeconds: round(used, 2),
      cpuPercent: round((used / seconds) * 100, 1),
      rssMib: round(rssMib, 1),
    };
  }
  return difference;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
