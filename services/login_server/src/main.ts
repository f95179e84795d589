import { runService } from '@teamtalk/service-kit';
import { loadConfig } from './config.js';
import { startLoginServer } from './service.js';

process.exit(await runService('login_server', (env, options) => startLoginServer(loadConfig(env), options)));
