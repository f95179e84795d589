import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort, isPortFree, NatsServer, waitUntil } from '@teamtalk/local-stack';
import { expect, test } from 'vitest';
import { PersistentServer } from './persistent-server.js';

test('a server whose port is taken while it is down comes back on it, when it is free', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'kept-server-'));
  const said: string[] = [];
  const started: NatsServer[] = [];
  const kept = await PersistentServer.start(
    'NATS',
    await freePort(0),
    async (port) => {
      const server = await NatsServer.start({ dir, logFile: path.join(dir, 'log'), port });
      started.push(server);
      return server;
    },
    (line) => said.push(line),
  );
  try {
    const [{ pid, port }] = started as [NatsServer];
    process.kill(pid, 'SIGKILL');
    const taker = createServer();
    await waitUntil(
      () =>
        new Promise<boolean>((resolve) => {
          taker.once('error', () => resolve(false));
          taker.listen(port, '127.0.0.1', () => resolve(true));
        }),
      { everyMs: 5, what: 'the port taken' },
    );
    await waitUntil(() => said.some((line) => line.includes(`port ${port} is in use`)), {
      what: 'that the port is taken',
    });
    expect(started).toHaveLength(1);
    taker.close();
    await waitUntil(async () => started.length === 2 && !(await isPortFree(port)), { what: 'NATS back' });
    expect(started[1]!.port).toBe(port);
    expect(kept.url).toBe(started[1]!.url);
  } finally {
    await kept.stop();
    await rm(dir, { recursive: true, force: true });
  }
});
