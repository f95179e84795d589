import { collectSeldom, runService } from '@teamtalk/service-kit';
import { loadConfig } from './config.js';
import { startDbProxyServer } from './service.js';

collectSeldom();
process.exit(
  await runService('db_proxy_server', (env, options) => startDbProxyServer(loadConfig(env), options)),
);
