import { collectSeldom, runService } from '@teamtalk/service-kit';
import { loadConfig } from './config.js';
import { startMsgServer } from './service.js';

collectSeldom();
process.exit(await runService('msg_server', (env, options) => startMsgServer(loadConfig(env), options)));
