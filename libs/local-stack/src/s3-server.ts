import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { guard, stopProcess } from './processes.js';

/** An S3-compatible store with one bucket. */
export interface TestS3 {
  endpoint: string;
  bucket: string;
  /** The variables by which a service finds it. */
  env: Record<string, string>;
  stop(): Promise<void>;
}

const startMs = 30_000;

/**
 * Starts an S3-compatible store (moto), empty but for one bucket, of the caller alone.
 * @throws Error when there is no moto_server on this machine, or it does not start
 */
export async function testS3(bucket = 'teamtalk'): Promise<TestS3> {
  const child = spawn(findProgram(), ['-H', '127.0.0.1', '-p', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const lines = createInterface({ input: child.stderr });
  const endpoint = await new Promise<string>((resolve, reject) => {
    const said: string[] = [];
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`moto_server did not start within ${startMs} ms`));
    }, startMs);
    lines.on('line', (line) => {
      // From then on it writes a line a request, which nobody reads.
      const url = /Running on (http:\/\/[\d.:]+)/.exec(line)?.[1];
      if (url) resolve(url);
      else if (said.length < 50) said.push(line);
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`moto_server did not start:\n${said.join('\n')}`)));
    const stopWaiting = () => clearTimeout(timer);
    lines.once('close', stopWaiting);
    lines.on('line', stopWaiting);
  });
  const removeGuard = guard(child.pid!, 'KILL');
  const stop = async () => {
    await stopProcess(child.pid!, 'SIGKILL', 5_000);
    removeGuard();
  };
  const made = await fetch(`${endpoint}/${bucket}`, { method: 'PUT' });
  if (!made.ok) {
    await stop();
    throw new Error(`moto_server makes no bucket: ${made.status}`);
  }
  return {
    endpoint,
    bucket,
    env: {
      STORAGE: 's3',
      S3_ENDPOINT: endpoint,
      S3_BUCKET: bucket,
      S3_ACCESS_KEY_ID: 'test',
      S3_SECRET_ACCESS_KEY: 'test',
    },
    stop,
  };
}

/** `npm run test:full` installs it: Debian's package where it can. */
function findProgram(): string {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/bin', '/usr/local/bin'];
  const program = folders.map((folder) => path.join(folder, 'moto_server')).find((file) => existsSync(file));
  if (program) return program;
  throw new Error(
    'there is no moto_server on this machine: run `npm run test:full`, or install moto[server]',
  );
}
