import path from 'node:path';
import { ServerProcess } from './server-process.js';
import { type Account, prepareDataDir } from './service-account.js';

/** Starts a single-server etcd on the loopback address. */
export async function startEtcd(
  program: string,
  dir: string,
  port: number,
  peerPort: number,
  account: Account | undefined,
): Promise<ServerProcess> {
  const folder = await prepareDataDir(path.join(dir, 'etcd'), account);
  const [client, peer] = [port, peerPort].map((each) => `http://127.0.0.1:${each}`);
  return ServerProcess.start({
    name: 'etcd',
    program,
    words: [
      ...['--name', 'test', '--data-dir', path.join(folder, 'data'), '--initial-cluster', `test=${peer}`],
      ...['--listen-client-urls', client!, '--advertise-client-urls', client!],
      ...['--listen-peer-urls', peer!, '--initial-advertise-peer-urls', peer!],
    ],
    account,
    cwd: folder,
    logFile: path.join(dir, 'etcd.log'),
    isReady: async () => (await fetch(`${client}/health`).catch(() => undefined))?.ok ?? false,
  });
}
