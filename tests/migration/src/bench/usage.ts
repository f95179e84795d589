import { readdirSync, readFileSync } from 'node:fs';

/** of the kernel, which are 100 on every Linux that Node runs on */
const ticksPerSecond = 100;

/** What a step took of this machine, in seconds. */
export interface StepUsage {
  seconds: number;
  /** of processors, by program */
  cpu: Record<'importer' | 'MariaDB' | 'PostgreSQL', number>;
}

/** Measures what a step takes of the servers and of the programs it starts and waits for. */
export async function usageOf(
  { mariadb, postgres }: { mariadb: number; postgres: number },
  step: () => Promise<void>,
): Promise<StepUsage> {
  const now = () => ({
    seconds: performance.now() / 1_000,
    importer: cpuOf(process.pid).ended,
    MariaDB: cpuOf(mariadb).own,
    PostgreSQL: cpuOfFamily(postgres),
  });
  const before = now();
  await step();
  const after = now();
  return {
    seconds: after.seconds - before.seconds,
    cpu: {
      importer: after.importer - before.importer,
      MariaDB: after.MariaDB - before.MariaDB,
      PostgreSQL: after.PostgreSQL - before.PostgreSQL,
    },
  };
}

/** The largest resident memory that a process has had so far, bytes; 0: it has ended. */
export function peakMemory(pid: number): number {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes ?? 0) * 1_024;
  } catch {
    return 0;
  }
}

/** CPU seconds of a process, and of the children it has waited for. */
function cpuOf(pid: number): { own: number; ended: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user, system, endedUser, endedSystem] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
    .map((ticks) => Number(ticks) / ticksPerSecond) as [number, number, number, number];
  return { own: user + system, ended: endedUser + endedSystem };
}

/** A server and its processes, those that have ended included. */
function cpuOfFamily(pid: number): number {
  const { own, ended } = cpuOf(pid);
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  return children.reduce((sum, child) => sum + cpuIfAlive(child), own + ended);
}

function cpuIfAlive(pid: number): number {
  try {
    return cpuOf(pid).own;
  } catch {
    return 0;
  }
}
