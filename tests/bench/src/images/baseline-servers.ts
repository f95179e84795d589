import { fork, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, stopProcess, waitUntil } from '@teamtalk/local-stack';

/** A reference server for the same work. */
export interface Baseline {
  pid: number;
  port: number;
  stop(): Promise<void>;
}

const sinkServer = fileURLToPath(new URL('sink-server.js', import.meta.url));

/** A bare node:http server that writes uploads into files of `folder`. */
export async function startSink(folder: string): Promise<Baseline> {
  const child = fork(sinkServer, [folder], { stdio: 'ignore' });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve(message as number));
    child.once('exit', () => reject(new Error('the bare upload server ended')));
  });
  return {
    pid: child.pid!,
    port,
    stop: async () => {
      await stopProcess(child.pid!, 'SIGKILL', 5_000);
    },
  };
}

/**
 * An nginx that serves `root`, tuned, with one worker because msfs is one process.
 * @throws Error when there is no nginx on this machine, or it does not start
 */
export async function startNginx(root: string, folder: string): Promise<Baseline> {
  const program = ['/usr/sbin/nginx', '/usr/local/bin/nginx', '/opt/homebrew/bin/nginx'].find((file) =>
    existsSync(file),
  );
  if (!program) throw new Error('there is no nginx to compare with: install it (Debian: nginx-light)');
  await mkdir(folder, { recursive: true });
  const port = await freePort(0);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${path.join(folder, name)};`,
  );
  const configFile = path.join(folder, 'nginx.conf');
  await writeFile(
    configFile,
    `daemon off; master_process off; worker_processes 1; pid ${path.join(folder, 'nginx.pid')};
error_log ${path.join(folder, 'error.log')};
events { worker_connections 1024; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; open_file_cache max=1000;
  ${temporary.join(' ')}
  server { listen 127.0.0.1:${port}; root ${root}; }
}
`,
  );
  const child = spawn(program, ['-c', configFile], { stdio: 'ignore' });
  child.on('error', () => {});
  await waitUntil(
    () =>
      fetch(`http://127.0.0.1:${port}/`).then(
        () => true,
        () => false,
      ),
    { what: 'nginx' },
  );
  return {
    pid: child.pid!,
    port,
    stop: async () => {
      await stopProcess(child.pid!, 'SIGKILL', 5_000);
    },
  };
}
