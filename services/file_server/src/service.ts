import { fileServerQueue, joinCluster, topics } from '@teamtalk/bus';
import { openCertificate } from '@teamtalk/net';
import { type Kit, type Service, type StartOptions, startService } from '@teamtalk/service-kit';
import type { FileServerConfig } from './config.js';
import { ClientListener } from './connection/client-listener.js';
import { createContext } from './context.js';
import { createTask } from './handlers/create-task.js';
import { dispatcher } from './handlers/index.js';

/**
 * Starts a file_server, which transfers files between users, directly or through the store. Tasks are kept by the
 * db_proxy_servers and files in a store shared by all replicas, so that any replica can serve any task.
 * Ports: `client`, `ws`, `ops`.
 * @throws Error when NATS does not respond, or the store or the certificate cannot be opened
 */
export function startFileServer(config: FileServerConfig, options: StartOptions = {}): Promise<Service> {
  return startService('file_server', config, options, start);
}

async function start(config: FileServerConfig, kit: Kit): Promise<Record<string, number>> {
  const { life } = kit;
  const cluster = await joinCluster(kit, config.nats, { relaxed: true });
  const { bus } = cluster;
  const context = await createContext(config, kit, cluster);
  const { metrics } = context;

  const certificate = await openCertificate(config.tls, kit, metrics);
  const listener = new ClientListener({ config, certificate, metrics, kit, handle: dispatcher(context) });
  life.onStop('clients', () => listener.stop());
  kit.metrics.gauge('connections', 'Open connections', () => listener.size);
  const ports = await listener.listen();

  const address = { ip: config.advertise.ip, port: config.advertise.port || ports.client! };
  const requests = bus.answer(topics.fileTask, createTask(context, address), { queue: fileServerQueue });
  life.onStop('tasks', () => requests.unsubscribe());
  const cutOffs = bus.subscribe(topics.cutOff, ({ userId }) => listener.cutOff(userId));
  life.onStop('cut off users', () => cutOffs.unsubscribe());
  // Register only now that requests for tasks have a subscriber.
  await bus.flush();
  cluster.register(() => ({ ip1: address.ip, port: address.port }));
  return ports;
}
