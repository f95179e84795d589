import { collectSeldom, runService } from '@teamtalk/service-kit';
import { loadConfig } from './config.js';
import { startRouteServer } from './service.js';

collectSeldom();
process.exit(
  await runService('route_server', (environment, options) =>
    startRouteServer(loadConfig(environment), options),
  ),
);
