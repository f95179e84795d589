import { hostname } from 'node:os';
import { Announcer, Bus } from '@teamtalk/bus';
import {
  formatInstance,
  type Kit,
  type Service,
  type StartOptions,
  startService,
} from '@teamtalk/service-kit';
import type { MsfsConfig } from './config.js';
import { startHttpListener } from './http-listener.js';

/**
 * Starts an msfs. It answers in the form clients know, but has no storage yet: uploads are refused, no image
 * is found. Ports: `http`, `ops`.
 */
export function startMsfs(config: MsfsConfig, options: StartOptions = {}): Promise<Service> {
  return startService('msfs', config, options, start);
}

async function start(config: MsfsConfig, kit: Kit): Promise<Record<string, number>> {
  const { health, instance, life, log, metrics, service } = kit;
  const name = `${service} ${formatInstance(instance)}`;
  const bus = await Bus.connect({ ...config.nats, name, log, metrics });
  life.onStop('NATS', () => bus.drain());
  health.addCheck('nats', () => bus.connected);

  const http = await startHttpListener(kit, config);

  const announcer = new Announcer(bus, { instance, service, hostname: hostname() }, () => ({
    port: http,
    draining: health.draining,
  }));
  life.onStop('announcements', () => announcer.stop());
  return { http };
}
