import { hostname } from 'node:os';
import { Announcer, Bus } from '@teamtalk/bus';
import {
  formatInstance,
  type Kit,
  type Service,
  type StartOptions,
  startService,
} from '@teamtalk/service-kit';
import type { FileServerConfig } from './config.js';
import { startClientListener } from './connection/client-listener.js';

/**
 * Starts a file_server. It announces itself and speaks the protocol, but has no tasks yet: every login is
 * refused. Ports: `client`, `ops`.
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

  const announcer = new Announcer(bus, { instance, service, hostname: hostname() }, () => ({
    ip1: config.advertise.ip,
    port: config.advertise.port || client,
    draining: health.draining,
  }));
  life.onStop('announcements', () => announcer.stop());
  return { client };
}
