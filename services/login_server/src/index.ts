export { envSchema, type LoginServerConfig, loadConfig } from './config.js';
export { startLoginServer } from './service.js';
