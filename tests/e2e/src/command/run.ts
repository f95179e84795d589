import { Readable } from 'node:stream';
import { runCli } from '@teamtalk/cli';
import { vi } from 'vitest';

export interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs `teamtalk` in this process, with these variables added to the environment.
 * @param input its standard input; undefined: this process's
 */
export async function teamtalk(
  words: string[],
  env: NodeJS.ProcessEnv = {},
  input?: string,
): Promise<Outcome> {
  const stdin = input === undefined ? undefined : vi.spyOn(process, 'stdin', 'get');
  stdin?.mockReturnValue(Readable.from([Buffer.from(input ?? '')]) as unknown as typeof process.stdin);
  const run = start(words, env);
  const status = await run.status;
  stdin?.mockRestore();
  return { status, stdout: run.stdout(), stderr: run.stderr() };
}

export interface Running {
  status: Promise<number>;
  stdout(): string;
  stderr(): string;
}

/** Runs a command whose output is read while it runs. Only one at a time, because it captures the output. */
export function start(words: string[], env: NodeJS.ProcessEnv = {}): Running {
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const text = (spy: typeof stdout) => spy.mock.calls.map(([chunk]) => String(chunk)).join('');
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  let written: { stdout: string; stderr: string } | undefined;
  const status = runCli(words).finally(() => {
    written = { stdout: text(stdout), stderr: text(stderr) };
    stdout.mockRestore();
    stderr.mockRestore();
    vi.unstubAllEnvs();
  });
  return {
    status,
    stdout: () => written?.stdout ?? text(stdout),
    stderr: () => written?.stderr ?? text(stderr),
  };
}
