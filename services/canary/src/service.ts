import { type Kit, type Service, type StartOptions, startService } from '@teamtalk/service-kit';
import { Canary } from './canary.js';
import type { CanaryConfig } from './config.js';

/** Starts a canary, whose accounts at every msg_server send messages to each other and count the deliveries. Port: `ops`. */
export function startCanary(config: CanaryConfig, options: StartOptions = {}): Promise<Service> {
  return startService('canary', config, options, start);
}

async function start(config: CanaryConfig, kit: Kit): Promise<Record<string, number>> {
  const canary = new Canary(config, kit);
  kit.life.onStop('conversations', () => canary.stop());
  kit.health.addCheck('conversations', () => canary.isWriting);
  return {};
}
