import { runService } from '@teamtalk/service-kit';
import { loadConfig } from './config.js';
import { startHttpMsgServer } from './service.js';

process.exit(
  await runService('http_msg_server', (env, options) => startHttpMsgServer(loadConfig(env), options)),
);
