import { runService } from '@teamtalk/service-kit';
import { loadConfig } from './config.js';
import { startPushServer } from './service.js';

process.exit(
  await runService('push_server', (environment, options) =>
    startPushServer(loadConfig(environment), options),
  ),
);
