import { runService } from '@teamtalk/service-kit';
import { loadConfig } from './config.js';
import { startMsfs } from './service.js';

process.exit(await runService('msfs', (env, options) => startMsfs(loadConfig(env), options)));
