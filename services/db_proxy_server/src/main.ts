import { relaxGc, runService } from '@teamtalk/service-kit';
import { loadConfig } from './config.js';
import { startDbProxyServer } from './service.js';

relaxGc();
process.exit(
  await runService('db_proxy_server', (env, options) => startDbProxyServer(loadConfig(env), options)),
);
