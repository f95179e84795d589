import { runService } from '@teamtalk/service-kit';
import { loadConfig } from './config.js';
import { startFileServer } from './service.js';

process.exit(await runService('file_server', (env, options) => startFileServer(loadConfig(env), options)));
