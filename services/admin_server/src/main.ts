import { runService } from '@teamtalk/service-kit';
import { loadConfig } from './config.js';
import { startAdminServer } from './service.js';

process.exit(await runService('admin_server', (env, options) => startAdminServer(loadConfig(env), options)));
