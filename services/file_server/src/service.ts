import { hostname } from 'node:os';
import { Announcer, Bus, fileServerQueue, topics } from '@teamtalk/bus';
import {
  formatInstance,
  type Kit,
  type Service,
  type StartOptions,
  startService,
} from '@teamtalk/service-kit';
import type { FileServerConfig } from './config.js';
import { startClientListener } from './connection/client-listener.js';
import { createTask } from './handlers/create-task.js';
import { FileTasks } from './tasks/file-tasks.js';

/**
 * Starts a file_server. It announces itself, makes tasks for msg_servers and speaks the protocol, but carries
 * no transfer out yet: every login of a client is refused. Ports: `client`, `ops`.
 */
export function startFileServer(config: FileServerConfig, options: StartOptions = {}): Promise<Service> {
  return startService('file_server', config, options, start);
}

async function start(config: FileServerConfig, kit: Kit): Promise<Record<string, number>> {
  const { health, instance, life, log, metrics, service } = kit;
  const name = `${service} ${formatInstance(instance)}`;
  const bus = await Bus.connect({ ...config.nats, name, log, metrics });
  life.onStop('NATS', () => bus.drain());
  health.addCheck('nats', () => bus.connected);

  const client = await startClientListener(kit, config);

  const address = { ip: config.advertise.ip, port: config.advertise.port || client };
  const tasks = new FileTasks({ tasks: config.limits.tasks, taskMs: config.taskMs });
  metrics.gauge('tasks', 'Tasks that have not expired', () => tasks.size);
  const requests = bus.answer(topics.fileTask, createTask(kit, tasks, address), { queue: fileServerQueue });
  life.onStop('tasks', () => requests.unsubscribe());

  const announcer = new Announcer(bus, { instance, service, hostname: hostname() }, () => ({
    ip1: address.ip,
    port: address.port,
    draining: health.draining,
  }));
  life.onStop('announcements', () => announcer.stop());
  return { client };
}
