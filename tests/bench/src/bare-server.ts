import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadResult, WatchedProcess } from '@teamtalk/load-generator';
import { type LoadArguments, runLoadProcess } from './load-process.js';

/** Minimal servers in Node; each is a program in `bare/` that sends its port. */
export type BareProgram = 'echo-server' | 'message-server' | 'relay-server';

/** Its name among the measured processes. */
export const bareServer = 'bare_server';

/**
 * Runs a bare server for as long as `work` takes.
 * @param env for it
 */
export async function withBareServer<T>(
  program: BareProgram,
  work: (server: string, process: WatchedProcess) => Promise<T>,
  env: Readonly<Record<string, string>> = {},
): Promise<T> {
  const file = fileURLToPath(new URL(`bare/${program}.js`, import.meta.url));
  const server = fork(file, { stdio: 'ignore', env: { ...process.env, ...env } });
  try {
    const port = await new Promise<number>((resolve, reject) => {
      server.once('message', (message) => resolve(message as number));
      server.once('exit', () => reject(new Error(`the bare ${program} ended`)));
    });
    return await work(`127.0.0.1:${port}`, { name: bareServer, pid: server.pid! });
  } finally {
    server.kill();
  }
}

/** Runs the load generator against a bare server. */
export function loadBareServer(
  program: BareProgram,
  mode: string,
  options: LoadArguments,
  { say, env }: { say: (line: string) => void; env?: Readonly<Record<string, string>> },
): Promise<LoadResult> {
  return withBareServer(
    program,
    (server, watched) => runLoadProcess(mode, { ...options, server }, [watched], say),
    env,
  );
}
