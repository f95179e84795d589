import { relaxGc, runService } from '@teamtalk/service-kit';
import { loadConfig } from './config.js';
import { startMsgServer } from './service.js';

relaxGc();
process.exit(await runService('msg_server', (env, options) => startMsgServer(loadConfig(env), options)));
