export { envSchema, loadConfig, type PushServerConfig } from './config.js';
export { startPushServer } from './service.js';
