import { relaxGc, runService } from '@teamtalk/service-kit';
import { loadConfig } from './config.js';
import { startRouteServer } from './service.js';

relaxGc();
process.exit(
  await runService('route_server', (environment, options) =>
    startRouteServer(loadConfig(environment), options),
  ),
);
