import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NatsServer } from './nats-server.js';
import { freePort, isPortFree } from './ports.js';
import { PostgresServer } from './postgres-server.js';
import { isAlive, isGone } from './processes.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'servers-'));
  await chmod(folder, 0o711);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows as unknown[];
  } finally {
    await client.end();
  }
}

describe('PostgreSQL', () => {
  const start = () =>
    PostgresServer.start({
      dataDir: path.join(folder, 'postgres'),
      logFile: path.join(folder, 'postgres.log'),
      port: 0,
      durable: true,
    });

  it('keeps its data, and takes the folder over from a server that was left behind', async () => {
    const left = await start();
    await query(left.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    const next = await start();
    await left.exited;
    expect(await query(next.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);

    process.kill(next.pid, 'SIGKILL');
    await next.exited;
    // The lock file is still there, and its number is a living process's.
    await writeFile(path.join(folder, 'postgres', 'postmaster.pid'), `${process.pid}\n`);
    const last = await start();
    expect(await query(last.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    await last.stop();
    expect(isAlive(last.pid)).toBe(false);
  });

  it('says what its log says when it cannot start', async () => {
    const dataDir = path.join(folder, 'broken');
    const logFile = path.join(folder, 'broken.log');
    const server = await PostgresServer.start({ dataDir, logFile, port: 0, durable: false });
    await server.stop();
    await writeFile(path.join(dataDir, 'postgresql.auto.conf'), 'no_such_setting = 1\n');
    await expect(PostgresServer.start({ dataDir, logFile, port: 0, durable: false })).rejects.toThrow(
      'no_such_setting',
    );
  });
});

describe('NATS', () => {
  it('takes the next free port, and the place of a server that was left behind', async () => {
    const taken = createServer();
    const wanted = await freePort(0);
    await new Promise<void>((resolve) => taken.listen(wanted, '127.0.0.1', resolve));
    const logFile = path.join(folder, 'nats.log');
    const options = { dir: path.join(folder, 'nats'), logFile, port: wanted };
    const left = await NatsServer.start(options);
    expect(left.port).toBeGreaterThan(wanted);
    const next = await NatsServer.start({ ...options, port: left.port });
    await left.exited;
    expect(next.port).toBe(left.port);
    await next.stop();
    expect(isAlive(next.pid)).toBe(false);
    taken.close();
  });
});

describe('a guard', () => {
  it('ends a process when its owner was killed', async () => {
    const target = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    await once(target, 'spawn');
    // The built module: a bare node process does not read TypeScript.
    const module = fileURLToPath(new URL('../dist/processes.js', import.meta.url));
    const script = `import { guard } from ${JSON.stringify(module)};
      guard(${target.pid}, 'KILL'); process.stdout.write('up'); setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script]);
    await once(owner.stdout, 'data');
    expect(isAlive(target.pid!)).toBe(true);
    owner.kill('SIGKILL');
    expect(await isGone(target.pid!, 5_000)).toBe(true);
  });
});

describe('ports', () => {
  it('that are in use or promised are passed over', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const used = typeof address === 'object' && address ? address.port : 0;
    expect(await isPortFree(used)).toBe(false);
    const free = await freePort(used);
    expect(free).toBeGreaterThan(used);
    expect(await freePort(used, new Set([free]))).toBeGreaterThan(free);
    server.close();
    await once(server, 'close');
    expect(await isPortFree(used)).toBe(true);
  });
});
