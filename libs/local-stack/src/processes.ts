import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { waitUntil } from './wait-until.js';

/** Whether a process with this id exists, one of another user's too. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A process that ended but whose parent has not asked for its status: in a container without an init. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}

/** The command line of a process; undefined when there is no such process or it cannot be seen. */
export function commandLine(pid: number): string | undefined {
  if (existsSync('/proc/self/cmdline')) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
      return words === '' ? undefined : words;
    } catch {
      return undefined;
    }
  }
  const { status, stdout } = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * When a process was started, in a form that is only good for comparing: with its id it names one process
 * for ever. Undefined when there is none.
 */
export function startOf(pid: number): string | undefined {
  if (existsSync('/proc/self/stat')) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // From field 3 on; the second one may itself hold spaces and brackets.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // Field 22, in clock ticks since boot.
      return fields[0] === 'Z' ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  const { status, stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** The processes that `pid` has started and that still run. */
export function childrenOf(pid: number): number[] {
  if (existsSync('/proc/self/stat')) {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
      .map(Number);
  }
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child, parent]) => (parent === pid ? [child!] : []));
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

/** Resolves when the process has ended; false after `timeoutMs` milliseconds. */
export async function isGone(pid: number, timeoutMs: number): Promise<boolean> {
  return waitUntil(() => !isAlive(pid), { timeoutMs, everyMs: 20, what: `the end of process ${pid}` }).catch(
    () => false,
  );
}

/**
 * Sends `signal`, then SIGKILL when the process has not ended after `timeoutMs` milliseconds.
 * @returns whether the first signal was enough
 */
export async function stopProcess(pid: number, signal: NodeJS.Signals, timeoutMs: number): Promise<boolean> {
  send(pid, signal);
  if (await isGone(pid, timeoutMs)) return true;
  send(pid, 'SIGKILL');
  await isGone(pid, 5_000);
  return false;
}

/** Sends a signal; that the process has ended already is no error. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * Ends process `pid` with `signal` when **this** process has died without doing it itself, kill -9
 * included: a shell that reads from a pipe which only we hold open.
 * @param afterSeconds how long after our death
 * @returns a function that takes the guard away; call it when the process has been stopped
 */
export function guard(pid: number, signal: 'INT' | 'TERM' | 'KILL', afterSeconds = 0): () => void {
  const script = 'read -r word && exit; sleep "$3"; kill -s "$1" "$2" 2>/dev/null';
  const shell = spawn('/bin/sh', ['-c', script, 'guard', signal, String(pid), String(afterSeconds)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.on('error', () => {});
  shell.stdin.on('error', () => {});
  shell.unref();
  // The pipe must not keep us running, and must not be closed by us either.
  (shell.stdin as unknown as { unref?: () => void }).unref?.();
  return () => {
    shell.stdin.end('done\n');
  };
}
