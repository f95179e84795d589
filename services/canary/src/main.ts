import { runService } from '@teamtalk/service-kit';
import { loadConfig } from './config.js';
import { startCanary } from './service.js';

process.exit(
  await runService('canary', (environment, options) => startCanary(loadConfig(environment), options)),
);
