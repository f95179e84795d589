import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadResult, WatchedProcess } from '@teamtalk/load-generator';

const program = fileURLToPath(new URL('../../../services/cli/dist/main.js', import.meta.url));

/** Command-line options: true is a flag, a list repeats the option. */
export type LoadArguments = Record<string, string | number | boolean | readonly string[]>;

/**
 * Runs the load generator in its own process, so that its CPU and stalls are separate.
 * @throws Error with its output when it fails
 */
export async function runLoadProcess(
  mode: string,
  options: LoadArguments,
  watch: readonly WatchedProcess[],
  say: (line: string) => void,
): Promise<LoadResult> {
  const watches = watch.flatMap(({ name, pid }) => ['--watch', `${name}=${pid}`]);
  const words = ['bench', mode, '--json', ...wordsOf(options), ...watches];
  const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    for (const line of chunk.toString().trimEnd().split('\n')) say(`  ${line}`);
  });
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (status !== 0) throw new Error(`the load generator failed (${String(status)}): ${stderr.trim()}`);
  return JSON.parse(stdout) as LoadResult;
}

function wordsOf(options: LoadArguments): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (value === false) return [];
    if (value === true) return [`--${name}`];
    const values = Array.isArray(value) ? value : [String(value)];
    return values.flatMap((each) => [`--${name}`, each]);
  });
}
