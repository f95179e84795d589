import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { TestCluster } from '@teamtalk/cluster';
import { NatsServer, type PostgresServer } from '@teamtalk/local-stack';
import type { Truth } from '../legacy/truth.js';

/**
 * Starts the new servers on an installation, each as a process, and logs a user in with the old password.
 *
 * @returns seconds until the user is logged in
 */
export async function firstLogin(postgres: PostgresServer, folder: string, truth: Truth): Promise<number> {
  const user = [...truth.users.values()].find(
    ({ name, password, status }) => name && password && status === 0,
  );
  const dir = path.join(folder, 'nats');
  await mkdir(dir);
  const nats = await NatsServer.start({ dir, port: 0, logFile: path.join(folder, 'nats.log') });
  try {
    const begin = performance.now();
    const cluster = await TestCluster.start({
      mode: 'processes',
      login_server: 1,
      sharedUsers: true,
      infrastructure: {
        database: async () => ({ name: 'teamtalk', url: postgres.url, drop: async () => {} }),
        nats: async () => ({ url: nats.url, prefix: 'moved' }),
        close: async () => {},
      },
    });
    try {
      await cluster.connect(user!.name!, { password: user!.password! });
      return (performance.now() - begin) / 1_000;
    } finally {
      await cluster.stop();
    }
  } finally {
    await nats.stop();
  }
}
