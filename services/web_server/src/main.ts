import { runService } from '@teamtalk/service-kit';
import { loadConfig } from './config.js';
import { startWebServer } from './service.js';

process.exit(await runService('web_server', (env, options) => startWebServer(loadConfig(env), options)));
